"""`parking breaks`: every difference of a business day, or all that are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import click
from sqlalchemy.orm import Session

from parking.commands.inputs import DAY, Build
from parking.commands.speech import both, tell
from parking.reports.words import LEGS, break_name
from payments.db import business_day
from payments.errors import WrongUsage
from payments.money import format_amount
from reconciliation.breaks import AGES, CLASSES, BreakRow, age_group, list_breaks
from reconciliation.resolving.finding import OLDEST, Wanted, find

#: More stands open nowhere.
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Search:
    """What the options ask for beside a day."""

    opened: bool
    kind: str | None
    leg: str | None
    age: str | None
    account: str | None
    since: date | None
    until: date | None

    def __bool__(self) -> bool:
        named = (self.kind, self.leg, self.age, self.account, self.since, self.until)
        return self.opened or any(value is not None for value in named)


@click.command()
@click.option("--date", "day", type=DAY, help="Business day: everything of it, explained or not.")
@click.option("--open", "opened", is_flag=True, help="All that are open, whatever their day.")
@click.option("--class", "kind", type=click.Choice(CLASSES), help="Open ones of this class.")
@click.option("--leg", type=click.Choice(list(LEGS)), help="Open ones of this comparison.")
@click.option("--age", type=click.Choice([*(name for _, name in AGES), OLDEST]), help="In days.")
@click.option("--account", help="Open ones of this merchant account.")
@click.option("--since", type=DAY, help="Open ones from this business day on.")
@click.option("--until", type=DAY, help="Open ones up to this business day.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list for scripts.")
@click.pass_obj
def breaks(build: Build, /, day: date | None, as_json: bool, **asked: object) -> None:
    """Liệt kê chênh lệch / List differences, of a day or those that are open."""
    search = Search(**asked)  # type: ignore[arg-type]
    if (day is None) == (not search):
        raise WrongUsage("Give either --date for one day, or --open, --class, --leg, --age, "
                         "--account, --since or --until for what is open.")  # fmt: skip
    house = build()
    today = business_day(house.clock())
    with house.databases.read() as tx:
        found = list_breaks(tx, day) if day else _open(tx, search, today)
    if as_json:
        rows = [row.as_json() | ({} if day else _more(row, today)) for row in found]
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in found:
        amount = format_amount(row.difference, row.currency)
        sides = f"{row.payment or '-'}  {row.line or '-'}"
        when = "" if day else f"{row.day}  {row.owner or '-'}  "
        name = both(break_name(row.kind, row.leg))
        click.echo(f"{row.kind}  {row.state}  {row.account}  {when}{sides}  {amount}  {name}")
    if day:
        tell("%(count)s differences on %(day)s.", count=len(found), day=day)
    else:
        tell("%(count)s open differences.", count=len(found))


def _open(tx: Session, search: Search, today: date) -> Sequence[BreakRow]:
    wanted = Wanted(
        kind=search.kind,
        leg=search.leg,
        account=search.account,
        age=search.age,
        since=search.since,
        until=search.until,
    )
    return find(tx, wanted, today, limit=MOST)


def _more(row: BreakRow, today: date) -> dict[str, object]:
    """What a list of several days has to say beside the fields of one."""
    return {
        "id": str(row.id),
        "leg": row.leg,
        "day": row.day.isoformat(),
        "age": age_group(row.day, today),
        "owner": row.owner,
    }
