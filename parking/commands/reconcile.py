"""`parking reconcile` and `parking poll`: what the timetable does, when a person asks for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

import click

from parking.commands.inputs import DAY, INSTANT, Build
from parking.commands.speech import both, explained, tell
from parking.house import House
from parking.shifts.counts import finish_all
from payments.accounts import live_accounts
from payments.errors import Complaint
from payments.polling import expire
from payments.polling import poll as ask
from payments.sweeping import sweep_feeds
from reconciliation.service import Result
from reconciliation.service import reconcile as compare

# what its log says of a refused file, the command tells in both languages
logging.getLogger("reconciliation").addHandler(logging.NullHandler())


@click.command()
@click.option("--date", "day", type=DAY, required=True, help="Business day.")
@click.option("--as-of", type=INSTANT, help="As if it were then; without an offset, city time.")
@click.pass_obj
def reconcile(build: Build, day: date, as_of: datetime | None) -> None:
    """Đối soát một ngày của mọi tài khoản / Reconcile a business day of every account."""
    house = build() if as_of is None else at(build(), as_of)
    well = True
    for result in results(house, day):
        if isinstance(result, str):
            well = False
            click.echo(result, err=True)
            continue
        click.echo(describe(result))
        for refusal in result.refusals:
            well = False
            told = explained(refusal.error)
            click.echo(f"{result.account} {result.day} {refusal.leg}: {told}", err=True)
    if not well:
        raise click.exceptions.Exit(1)


def at(house: House, instant: datetime) -> House:
    """The same house with its clock, and its providers', standing at `instant`."""

    def clock() -> datetime:
        return instant

    return replace(house, clock=clock, gateways=replace(house.gateways, clock=clock))


def results(house: House, day: date) -> Iterator[Result | str]:
    """What became of each account; a sentence where its provider could not be asked. One silent
    provider stops no other."""
    finish_all(house.databases.write, house.clock())
    with house.databases.read() as tx:
        accounts = live_accounts(tx)
    for account in accounts:
        try:
            yield compare(house.databases.write, house.gateways, account, day, house.clock())
        except Complaint as error:
            yield f"{account.slug} {day}: {explained(error)}"


def describe(result: Result) -> str:
    """One account-day in one line."""
    reason = f" ({result.reason})" if result.reason else ""
    numbers = both(
        "%(matched)s matched, %(opened)s new differences, %(resolved)s explained",
        matched=result.matched,
        opened=result.opened,
        resolved=result.resolved,
    )
    return f"{result.account} {result.day}: {result.state}{reason}, {numbers}"


@click.command()
@click.pass_obj
def poll(build: Build) -> None:
    """Hỏi nhà cung cấp về các khoản chưa rõ / Ask about payments that are open."""
    house = build()
    now = house.clock()
    asked = ask(house.databases.write, house.gateways, now)
    swept = sweep_feeds(house.databases.write, house.gateways, now)
    expired = expire(house.databases.write, now)
    tell(
        "Asked about %(asked)s payments, %(answered)s answers; %(expired)s ran out.",
        asked=asked.asked,
        answered=asked.answered,
        expired=expired,
    )
    tell("Bank feeds told of %(count)s transfers that are new.", count=swept)
