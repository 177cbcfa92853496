"""`parking tax`: how an operator is taxed, and filing its tables."""

from __future__ import annotations

from datetime import date
from getpass import getuser
from pathlib import Path

import click

from parking.commands.inputs import DAY, Build
from parking.commands.output import write_with
from parking.commands.speech import tell
from parking.languages import DEFAULT, LANGUAGES, mark
from parking.lots.service import operator_by_code
from parking.receipts.methods import set_method
from parking.receipts.models import METHODS
from parking.reports.written import FORMATS, write_into
from parking.tax.form_01 import draft, filed
from parking.tax.periods import read_period
from parking.tax.tables import file_table, table_by_number
from reconciliation.reports.footing import check


@click.group()
def tax() -> None:
    """Thuế: phương pháp, bảng 01/TTGD / Taxes: the method, tables of Form 01/TTGD."""


@tax.command()
@click.option("--operator", required=True, metavar="CODE")
@click.option("--method", "chosen", type=click.Choice(METHODS), required=True)
@click.option("--from", "since", type=DAY, required=True, help="First day it holds.")
@click.pass_obj
def method(build: Build, operator: str, chosen: str, since: date) -> None:
    """Phương pháp tính thuế kể từ một ngày / How an operator pays VAT from a day on."""
    house = build()
    with house.databases.write.begin() as tx:
        found = operator_by_code(tx, operator)
        set_method(tx, found, chosen, since, _actor(), house.clock())
    told = mark("%(operator)s is taxed from %(day)s on by this method: %(method)s.")
    tell(told, operator=found.legal_name, day=f"{since:%d/%m/%Y}", method=chosen)


@tax.command()
@click.option("--operator", required=True, metavar="CODE")
@click.option("--period", required=True, metavar="YYYY-MM", help="2026-11, or 2026-Q4.")
@click.pass_obj
def file(build: Build, operator: str, period: str) -> None:
    """Chốt bảng 01/TTGD của kỳ / File the period's table, or its next amendment."""
    house, wanted = build(), read_period(period)
    with house.databases.read() as tx:
        found = operator_by_code(tx, operator)
    table = file_table(house.databases.write, found, wanted, _actor(), house.clock())
    tell(
        mark(
            "Filed table no. %(number)s of %(period)s: %(count)s rows, to be handed in by %(due)s."
        ),
        number=table.number,
        period=wanted.form_text,
        count=table.count,
        due=f"{wanted.due:%d/%m/%Y}",
    )
    click.echo(table.number)


@tax.command()
@click.option("--operator", required=True, metavar="CODE")
@click.option("--period", required=True, metavar="YYYY-MM", help="2026-11, or 2026-Q4.")
@click.option("--number", type=click.IntRange(0), help="0 is the first; without it, a draft.")
@click.option("--format", "kind", type=click.Choice(list(FORMATS)), default="xlsx")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT)
@click.option("--out", type=click.Path(path_type=Path), default=Path("-"), help="- is stdout.")
@click.pass_obj
def table(
    build: Build,
    operator: str,
    period: str,
    number: int | None,
    kind: str,
    language: str,
    out: Path,
) -> None:
    """Bảng 01/TTGD đã chốt hoặc bản nháp / A filed table of Form 01/TTGD, or a draft."""
    house, wanted = build(), read_period(period)
    with house.databases.read() as tx:
        found = operator_by_code(tx, operator)
        report = (
            draft(tx, found, wanted)
            if number is None
            else filed(tx, table_by_number(tx, found.id, wanted, number))
        )
        check(report)
    write_with(out, lambda file: write_into(file, report, kind, language))


def _actor() -> str:
    return f"command:{getuser()}"
