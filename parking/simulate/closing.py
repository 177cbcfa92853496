"""Closing a played day: its files are compared, and whoever has nothing left to explain certifies it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from parking.house import House
from parking.simulate.street import FINANCE
from payments.accounts import live_accounts
from payments.db import CITY_ZONE
from reconciliation.closing import finishing, service
from reconciliation.closing.attempts import NotExplained, OperatorDay
from reconciliation.days import IN_FLIGHT
from reconciliation.service import reconcile

#: On the morning after, when the files of the day are in.
CLOSED_AT = time(9)


def close_day(house: House, day: date) -> Iterator[tuple[str, int]]:
    """Compare `day` of every account, then close it for each operator. Yields the operator and how
    many points keep the day open, 0 when it was certified."""
    db = house.databases.write
    now = datetime.combine(day + timedelta(days=1), CLOSED_AT, CITY_ZONE)
    with db() as tx:
        accounts = live_accounts(tx)
    for account in accounts:
        reconcile(db, house.gateways, account, day, now)
    for operator in sorted({account.operator for account in accounts}):
        yield operator, _close(house, OperatorDay(operator, day), now)


def _close(house: House, which: OperatorDay, now: datetime) -> int:
    db = house.databases.write
    try:
        with db.begin() as tx:
            service.begin(tx, which, {}, FINANCE, now)
    except NotExplained as error:
        return len(error.obstacles)
    with db.begin() as tx:
        finishing.finish(tx, which, now + IN_FLIGHT)
    return 0
