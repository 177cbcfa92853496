"""`parking report`: figures for people and programs, and publishing them."""

from __future__ import annotations

from datetime import date
from functools import partial
from getpass import getuser
from pathlib import Path
from typing import Any

import click

from parking.commands.inputs import DAY, Build
from parking.commands.output import Fill, write_with
from parking.commands.speech import tell
from parking.languages import DEFAULT, LANGUAGES, bilingual, mark
from parking.reports.asked import Asked
from parking.reports.daily import city_day
from parking.reports.elsewhere import LARGEST_LIST, take_in
from parking.reports.files import as_csv, as_json_bytes
from parking.reports.kinds import KINDS, make
from parking.reports.publishing import publish_report
from parking.reports.written import FORMATS, write_into
from payments.errors import WrongUsage

STDOUT = Path("-")
#: The figure of one day in its own short form, for scripts: one table or one object whose keys never
#: change, the bytes of the CSV on the day's page. The whole report of the day is `--from` alone.
DAY_WRITERS = {"csv": as_csv, "json": as_json_bytes}


@click.group()
def report() -> None:
    """Báo cáo / Reports."""


def _period(command: Any) -> Any:
    """The options every report has: which days, whose."""
    for decorate in (
        click.option("--operator", help="Code of one operator; without it all of them."),
        click.option("--to", "until", type=DAY, help="Last business day; without it the first."),
        click.option("--from", "since", type=DAY, help="First business day."),
    ):
        command = decorate(command)
    return command


def _written(command: Any) -> Any:
    """How a report is written, and where to."""
    for decorate in (
        click.option(
            "--out", type=click.Path(path_type=Path), default=STDOUT, help="FILE; - is stdout."
        ),
        click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT),
        click.option("--format", "kind", type=click.Choice(list(FORMATS)), default="json"),
    ):
        command = decorate(command)
    return command


def _asked(build: Build, since: date | None, until: date | None, operator: str | None) -> Asked:
    if since is None:
        raise WrongUsage(
            mark("--from is missing: name the first business day, as 2026-11-23; see %(help)s."),
            help=f"{click.get_current_context().command_path} --help",
        )
    return Asked(since, until or since, operator, build().clock())


def _write(build: Build, name: str, asked: Asked, kind: str, language: str, out: Path) -> None:
    tell(mark("Adding up …"))
    with build().databases.read() as tx:
        found = make(tx, name, asked)
    tell(mark("Writing …"))
    _put(out, lambda file: write_into(file, found, kind, language))


def _put(out: Path, fill: Fill) -> None:
    write_with(out, fill)
    if out != STDOUT:
        tell("Wrote %(path)s.", path=out)


@report.command(help=bilingual(KINDS["daily"].title))
@click.option("--date", "day", type=DAY, help="The announced figure of one day (csv, json).")
@_period
@_written
@click.pass_obj
def daily(
    build: Build,
    day: date | None,
    since: date | None,
    until: date | None,
    operator: str | None,
    kind: str,
    language: str,
    out: Path,
) -> None:
    if day is None:
        asked = _asked(build, since, until, operator)
        _write(build, "daily", asked, kind, language, out)
        return
    if since or until:
        raise WrongUsage(mark("Give either --date or --from and --to, not both."))
    if kind not in DAY_WRITERS:
        asked = _asked(build, day, day, operator)
        _write(build, "daily", asked, kind, language, out)
        return
    with build().databases.read() as tx:
        found = city_day(tx, day, build().clock(), operator)
    content = DAY_WRITERS[kind](found)
    _put(out, lambda file: file.write(content))


def _report_of(
    name: str,
    build: Build,
    since: date | None,
    until: date | None,
    operator: str | None,
    kind: str,
    language: str,
    out: Path,
) -> None:
    _write(build, name, _asked(build, since, until, operator), kind, language, out)


for _name in KINDS:
    if _name != "daily":
        _told = click.pass_obj(partial(_report_of, _name))
        report.command(_name, help=bilingual(KINDS[_name].title))(_period(_written(_told)))


@report.command(
    help=bilingual(mark("Take in a list of what other systems report (ETC), unverified."))
)
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def reported(build: Build, file: Path) -> None:
    try:
        with file.open("rb") as opened:
            raw = opened.read(LARGEST_LIST + 1)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be read: %(reason)s."), path=file, reason=error.strerror
        ) from error
    house = build()
    with house.databases.write.begin() as tx:
        kept = take_in(tx, file.name, raw, f"command:{getuser()}", house.clock())
    tell(mark("%(count)s lines kept, shown beside our figure and added to nothing."), count=kept)


@report.command(help=bilingual(mark("Give out a report: numbered, for ever the same bytes.")))
@click.argument("name", metavar="KIND", type=click.Choice(list(KINDS)))
@_period
@click.option("--reason", default="", help="Why a published figure is revised.")
@click.pass_obj
def publish(
    build: Build,
    name: str,
    since: date | None,
    until: date | None,
    operator: str | None,
    reason: str,
) -> None:
    asked = _asked(build, since, until, operator)
    tell(mark("Adding up …"))
    figure = publish_report(build().databases, name, asked, f"command:{getuser()}", reason)
    tell(
        mark("Published as number %(number)s, revision %(revision)s."),
        number=figure.number,
        revision=figure.revision,
    )
    click.echo(figure.number)
