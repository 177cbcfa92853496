"""`parking report`: figures for people and programs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from parking.commands.inputs import DAY, Build
from parking.commands.output import write
from parking.commands.speech import tell
from parking.reports.daily import city_day
from parking.reports.files import as_csv, as_json_bytes

STDOUT = Path("-")
WRITERS = {"csv": as_csv, "json": as_json_bytes}


@click.group()
def report() -> None:
    """Báo cáo / Reports."""


@report.command()
@click.option("--date", "day", type=DAY, required=True, help="Business day.")
@click.option("--format", "kind", type=click.Choice(list(WRITERS)), default="json")
@click.option("--out", type=click.Path(path_type=Path), default=STDOUT, help="FILE; - is stdout.")
@click.option("--operator", help="Code of one operator; without it the whole city.")
@click.pass_obj
def daily(build: Build, day: date, kind: str, out: Path, operator: str | None) -> None:
    """Số liệu của một ngày / The figures of a business day."""
    house = build()
    with house.databases.read() as tx:
        found = city_day(tx, day, house.clock(), operator)
    write(out, WRITERS[kind](found))
    if out != STDOUT:
        tell("Wrote %(path)s.", path=out)
