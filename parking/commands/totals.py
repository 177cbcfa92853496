"""`parking totals rebuild`: make the figures anew from the rows, and say whether any was different."""

from __future__ import annotations

from datetime import date, datetime

import click

from parking.commands.inputs import DAY, Build
from parking.commands.speech import both, tell
from parking.house import House
from parking.languages import mark
from parking.watch.stay_days import Counted, recount
from payments.db import business_day
from payments.errors import WrongUsage
from reconciliation.rebuilding import Rebuilt, rebuild


@click.group()
def totals() -> None:
    """Số liệu cộng dồn / The figures that reports are made of."""


@totals.command("rebuild")
@click.option("--from", "since", type=DAY, required=True, help="First business day.")
@click.option("--to", "until", type=DAY, help="Last business day; today without it.")
@click.pass_obj
def rebuild_totals(build: Build, since: date, until: date | None) -> None:
    """Cộng lại từ các dòng gốc / Add up again, from the rows; exit code 1 when a figure was wrong."""
    house = build()
    now = house.clock()
    last = until or business_day(now)
    if last < since:
        raise WrongUsage(mark("%(last)s is before %(first)s."), last=last, first=since)
    wrong = [*_count_stays(house, since, last, now), *_add_up(house, since, last, now)]
    if wrong:
        raise click.exceptions.Exit(1)


def _count_stays(house: House, since: date, last: date, now: datetime) -> list[Counted]:
    """Count and tell; the days of operators that were different before."""
    days = list(recount(house.databases.write, since, last, now))
    wrong = [one for one in days if one.changed]
    for one in wrong:
        told = mark("%(operator)s, %(day)s: the number of stays was different")
        click.echo(both(told, operator=one.operator, day=one.day))
    tell(
        "Stays of %(count)s days counted, %(wrong)s were different before.",
        count=len(days),
        wrong=len(wrong),
    )
    return wrong


def _add_up(house: House, since: date, last: date, now: datetime) -> list[Rebuilt]:
    """Add up and tell; the account-days that were different before."""
    wrong, done = list[Rebuilt](), 0
    for done, (one, all_of_them) in enumerate(rebuild(house.databases.write, since, last, now), 1):
        wrong += [one] if one.changed else []
        if done == 1 or done % 500 == 0 or done == all_of_them:
            tell("%(done)s of %(all)s account-days added up", done=done, all=all_of_them)
    for one in wrong:
        click.echo(
            both(mark("%(account)s, %(day)s was different"), account=one.account, day=one.day)
        )
    tell(
        "%(count)s account-days added up, %(wrong)s were different before.",
        count=done,
        wrong=len(wrong),
    )
    return wrong
