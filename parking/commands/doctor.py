"""`parking doctor`: is everything there that the service needs? Each line is ok or what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import click
from sqlalchemy.exc import SQLAlchemyError

from parking import schema
from parking.commands.inputs import Build
from parking.commands.processes import answers
from parking.commands.speech import both, explained
from parking.house import House
from parking.jobs import database_time, failing
from parking.languages import mark
from parking.shifts.history import oldest_open
from payments import fitness
from payments.accounts import live_accounts
from payments.db import CITY_ZONE
from payments.errors import Complaint
from payments.models import MerchantAccount
from payments.provider import CASH
from payments.web import notify_address

#: A payment's lateness and a notice's age are judged to the minute; this much error is harmless.
LARGEST_SKEW = timedelta(seconds=5)

#: Nobody works longer than this without a count.
LONGEST_SHIFT = timedelta(days=1)


class Unwell(Complaint):
    """What is wrong and what to do about it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    subject: str
    well: bool
    text: str


def examine(subject: str, look: Callable[[], str]) -> Finding:
    """What `look` says, or what it complains of."""
    try:
        return Finding(subject, True, look())
    except Complaint as error:
        return Finding(subject, False, explained(error))
    except SQLAlchemyError as error:
        cause = str(getattr(error, "orig", None) or error).splitlines()[0]
        advice = both("%(cause)s. Check DATABASE_URL and that the server runs.", cause=cause)
        return Finding(subject, False, advice)


@click.command()
@click.pass_obj
def doctor(build: Build) -> None:
    """Kiểm tra cấu hình và kết nối / Check configuration, database, clock and providers."""
    well = True
    for finding in findings(build):
        well = well and finding.well
        click.echo(f"{'ok  ' if finding.well else 'FAIL'} {finding.subject}: {finding.text}")
    if not well:
        raise click.exceptions.Exit(1)


def findings(build: Build) -> Iterator[Finding]:
    """Every line; what depends on something that failed is not looked at."""
    yield (settings := examine(both("Configuration"), lambda: _settings(build())))
    if not settings.well:
        return
    house = build()
    yield (database := examine(both("Database"), lambda: _database(house)))
    if not database.well:
        return
    yield examine(both("Clock"), lambda: _clock(house))
    yield examine(both("Scheduled jobs"), lambda: _jobs(house))
    yield examine(both("Shifts"), lambda: _shifts(house))
    yield from _providers(house)


def _settings(house: House) -> str:
    mode = "production" if house.config.production else "development"
    return f"{mode}, PUBLIC_URL={house.config.public_url}"


def _database(house: House) -> str:
    engine, newest = house.databases.engine, schema.newest()
    stands = schema.revision(engine)
    if stands != newest:
        raise Unwell(
            mark("It stands at %(stands)s instead of %(newest)s: run parking migrate."),
            stands=stands or "-",
            newest=newest,
        )
    return f"{engine.dialect.name}, {stands}"


def _clock(house: House) -> str:
    with house.databases.read() as tx:
        skew = abs(house.clock() - database_time(tx))
    if skew > LARGEST_SKEW:
        raise Unwell(
            mark("%(seconds)s s apart from the database's: set both clocks by NTP."),
            seconds=int(skew.total_seconds()),
        )
    return both("agrees with the database")


def _jobs(house: House) -> str:
    with house.databases.read() as tx:
        failed = failing(tx)
    if failed:
        raise Unwell(
            mark("%(job)s failed, attempt %(attempt)s: %(detail)s"),
            job=failed[0].job,
            attempt=failed[0].attempt,
            detail=failed[0].detail,
        )
    return both("none is failing")


def _shifts(house: House) -> str:
    """A till nobody counts keeps its days open."""
    with house.databases.read() as tx:
        found = oldest_open(tx)
    if found is not None and house.clock() - found.shift.opened_at > LONGEST_SHIFT:
        raise Unwell(
            mark("%(name)s has a shift open at %(lot)s since %(since)s: it must be counted."),
            name=found.person.name,
            lot=found.lot.number,
            since=f"{found.shift.opened_at.astimezone(CITY_ZONE):%H:%M %d/%m/%Y}",
        )
    return both("none is open for more than a day")


def _providers(house: House) -> Iterator[Finding]:
    accounts = sorted(_asked(house), key=lambda account: account.slug)
    if not accounts:
        yield Finding(
            both("Providers"),
            False,
            both("No merchant account yet: run parking account add, or parking seed."),
        )
    for account in accounts:
        yield examine(account.slug, _look_at(house, account))


def facts(house: House) -> Iterator[Finding]:
    """One finding for each account in use, without asking its provider anything."""
    for account in _asked(house):
        yield examine(account.slug, _facts_of(house, account))


def _asked(house: House) -> list[MerchantAccount]:
    """The accounts in use that have a provider to ask: tills have none."""
    with house.databases.read() as tx:
        return [account for account in live_accounts(tx) if account.provider != CASH]


def _facts_of(house: House, account: MerchantAccount) -> Callable[[], str]:
    return lambda: fitness.check_facts(house.gateways, account).name


def _look_at(house: House, account: MerchantAccount) -> Callable[[], str]:
    return lambda: _provider(house, account, house.clock())


def _provider(house: House, account: MerchantAccount, now: datetime) -> str:
    """Its facts first; then the provider is asked about an order that never was: nothing happens,
    yet the address, the credentials and the signatures are tried."""
    fitness.check_facts(house.gateways, account)
    if account.provider == "sandbox" and not answers(f"{house.config.sandbox_url}/healthz"):
        raise Unwell(
            mark("nothing answers at %(url)s: make run starts the sandbox."),
            url=house.config.sandbox_url,
        )
    address = notify_address(house.config.public_url, account.slug)
    fitness.ask_about_nothing(house.gateways, account, address, now)
    return both("answers")
