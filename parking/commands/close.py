"""`parking close`: certify a business day of an operator, or say what is missing."""

from __future__ import annotations

import json
from datetime import date

import click

from parking.commands.inputs import DAY, Build
from parking.commands.speech import both, explained, tell
from parking.house import House
from parking.languages import mark
from parking.reports.closing_words import CLOSING_STATES, INSTRUCTIONS, OBSTACLES
from payments.db import CITY_ZONE
from payments.errors import WrongUsage
from payments.money import format_amount
from reconciliation.closing import finishing, reopening, service
from reconciliation.closing.attempts import NotExplained, OperatorDay, StillOnItsWay, live
from reconciliation.closing.models import Certificate
from reconciliation.closing.obstacles import Obstacle

#: Who does it, in the audit: somebody with a shell on our machine. Never the second person.
ACTOR = "command"


@click.command()
@click.option("--date", "day", type=DAY, required=True, help="Business day.")
@click.option("--operator", required=True, help="Code of the operator.")
@click.option("--except", "subjects", multiple=True, help="What may stay unexplained, as listed.")
@click.option("--reason", default="", help="Why it may stay unexplained.")
@click.option("--withdraw", is_flag=True, help="Give up: the day takes money again.")
@click.option("--reopen", metavar="REASON", help="Ask to open a closed day again.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
@click.pass_obj
def close(
    build: Build, day: date, operator: str, subjects: tuple[str, ...], reason: str,
    withdraw: bool, reopen: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Chốt sổ một ngày / Close a business day: begin, and at a later call certify.

    What is left unexplained, and opening a day again, needs another person on the finance pages.
    """
    house, which = build(), OperatorDay(operator, day)
    if reason and not subjects:
        raise WrongUsage(
            mark("--reason says why something may stay unexplained: name it by --except.")
        )
    if withdraw or reopen is not None:
        _take_back(house, which, reopen)
    else:
        _close(house, which, dict.fromkeys(subjects, reason), as_json=as_json)


def _take_back(house: House, which: OperatorDay, reason: str | None) -> None:
    now = house.clock()
    with house.databases.write.begin() as tx:
        if reason is None:
            service.withdraw(tx, which, ACTOR, now)
        else:
            reopening.ask(tx, which, reason, ACTOR, now)
    if reason is None:
        tell("%(day)s takes money again.", day=which.day)
    else:
        tell("Asked; somebody of finance has to agree on the page of the day.")


def _close(house: House, which: OperatorDay, exceptions: dict[str, str], *, as_json: bool) -> None:
    found: tuple[Obstacle, ...] = ()
    certificate, refused = None, None
    now, db = house.clock(), house.databases.write
    try:
        with db.begin() as tx:
            closing = service.begin(tx, which, exceptions, ACTOR, now)
        if closing.state != "asked":
            with db.begin() as tx:
                certificate = finishing.finish(tx, which, now)
    except NotExplained as error:
        found, refused = tuple(error.obstacles), error
    except StillOnItsWay as error:
        ready = error.parts["ready"].astimezone(CITY_ZONE)  # type: ignore[attr-defined]
        tell("Nothing new is booked on %(day)s; it can be certified from %(time)s on.",
             day=which.day, time=f"{ready:%H:%M}")  # fmt: skip
    if as_json:
        click.echo(json.dumps(_plain(house, which, certificate, found), ensure_ascii=False))
    else:
        _say(house, which, certificate, found)
    if refused is not None:
        click.echo(explained(refused), err=True)
        raise click.exceptions.Exit(1)


def _say(
    house: House, which: OperatorDay, certificate: Certificate | None, found: tuple[Obstacle, ...]
) -> None:
    for one in found:
        money = f"{one.count} · {format_amount(one.amount, one.currency)}" if one.count else ""
        click.echo(f"{one.subject}  {one.account}  {both(OBSTACLES[one.kind])}  {money}".rstrip())
        click.echo(f"    {both(INSTRUCTIONS[one.kind])}")
    if certificate is not None:
        click.echo(
            f"{both(CLOSING_STATES['closed'])}: {which.operator} {which.day}"
            f"  no. {certificate.number}  rev. {certificate.revision}  {certificate.sha256}"
        )
    elif not found:
        click.echo(f"{both(CLOSING_STATES[_state(house, which)])}: {which.operator} {which.day}")


def _state(house: House, which: OperatorDay) -> str:
    with house.databases.read() as tx:
        closing = live(tx, which)
        return closing.state if closing else "open"


def _plain(
    house: House, which: OperatorDay, certificate: Certificate | None, found: tuple[Obstacle, ...]
) -> dict[str, object]:
    """A day for scripts; `state` is open, asked, closing or closed."""
    told = None
    if certificate is not None:
        told = {
            "number": certificate.number,
            "revision": certificate.revision,
            "sha256": certificate.sha256,
            "document": json.loads(certificate.body),
        }
    return {
        "operator": which.operator,
        "day": which.day.isoformat(),
        "state": _state(house, which),
        "certificate": told,
        "unexplained": [
            {
                "subject": one.subject, "kind": one.kind.value, "account": one.account,
                "class": one.what or None, "count": one.count, "amount": one.amount,
                "currency": one.currency,
            }
            for one in found
        ],
    }  # fmt: skip
