"""`parking quote`: what a stay costs under a tariff, without database or network."""

from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import click

from parking.languages import DEFAULT, LANGUAGES, mark, translate
from parking.tariffs.book import load_book
from parking.tariffs.engine import Price, price
from parking.tariffs.model import TariffVersion
from payments.errors import WrongUsage
from payments.money import format_amount


@click.command()
@click.option("--tariff", "code", required=True, help="Code of the tariff, such as hn-dong-da.")
@click.option("--vehicle", required=True, help="Vehicle class: car, motorbike, bicycle.")
@click.option(
    "--entry", required=True, help="ISO 8601; without an offset: the tariff's local time."
)
@click.option("--exit", "exit_", required=True, help="ISO 8601, as --entry.")
@click.option("--tariff-file", help="Another tariff file than Hanoi's.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
def quote(
    code: str, vehicle: str, entry: str, exit_: str,
    tariff_file: str | None, language: str, as_json: bool,
) -> None:  # fmt: skip
    """What a stay costs: the version in force on the local day of entry prices all of it."""
    book = load_book(tariff_file)
    start = _instant("entry", entry, book.zone)
    end = _instant("exit", exit_, book.zone)
    version = book.in_force(code, start.date())
    found = price(version, vehicle, start, end)
    if as_json:
        click.echo(
            json.dumps(_plain(version, vehicle, start, end, found, language), ensure_ascii=False)
        )
    else:
        click.echo("\n".join(_table(version, start, end, found, language)))


def _instant(name: str, text: str, zone: ZoneInfo) -> datetime:
    """Local time of the tariff; an instant with an offset is converted, one without is taken as it is."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError) as error:
        raise WrongUsage(
            mark("--%(name)s %(value)s is not a time; write it as 2026-11-23T08:30."),
            name=name, value=text,
        ) from error  # fmt: skip


def _plain(
    version: TariffVersion,
    vehicle: str,
    start: datetime,
    end: datetime,
    found: Price,
    language: str,
) -> dict[str, object]:
    return {
        "amount": found.amount,
        "currency": found.currency,
        "tariff": version.code,
        "version": version.number,
        "vehicle": vehicle,
        "entry": start.isoformat(),
        "exit": end.isoformat(),
        "lines": [{"text": line.say(language), "amount": line.amount} for line in found.lines],
        "status": found.status,
        "sources": [origin.source for origin in found.origins],
        "unverified": version.unverified,
    }


def _table(
    version: TariffVersion, start: datetime, end: datetime, found: Price, language: str
) -> list[str]:
    rows = [
        (line.say(language), format_amount(line.amount, found.currency, language))
        for line in found.lines
    ]
    rows.append(
        (
            translate(mark("Total price"), language),
            format_amount(found.amount, found.currency, language),
        )
    )
    left = max(len(text) for text, _ in rows)
    right = max(len(amount) for _, amount in rows)
    lines = [f"{text:<{left}}  {amount:>{right}}" for text, amount in rows]
    title = translate(
        mark("%(name)s (%(code)s, version %(number)s)"), language,
        name=version.name_in(language), code=version.code, number=version.number,
    )  # fmt: skip
    stay = f"{start:%d/%m/%Y %H:%M} → {end:%d/%m/%Y %H:%M}"
    note = [translate(mark("These prices are not yet confirmed by the city"), language)]
    rule = "─" * (left + right + 2)
    return [title, stay, "", *lines[:-1], rule, lines[-1], *(note if version.unverified else [])]
