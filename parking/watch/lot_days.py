"""Days of lots that were counted already: a list of three thousand lots beside eight weeks of their own
history reads these instead of half a million stays.

Counted by `parking.watch.tally` alone, and by nothing else, so a stored day is what the rows said when it
was counted. What happened on a day can still change afterwards: an exit is corrected within a day, late
money is booked on a day that is open and at most a week back. So yesterday is counted again each hour and
the week before each day; older days stay as they are. Today, and what was not counted yet, is counted
from the rows whenever somebody looks.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, sessionmaker

from parking.watch.days import DAY, WEEKS
from parking.watch.models import LotDay
from parking.watch.service import watched_ids
from parking.watch.tally import Kind, LotIds, Tally, tally
from payments.db import business_day

#: Days behind which a list may look, and how many of them may still change.
KEPT, UNSETTLED = 7 * WEEKS + 7, 8
HOUR = timedelta(hours=1)


def totals(tx: Session, lots: LotIds, days: Collection[date]) -> tuple[Tally, datetime | None]:
    """How often what happened at `lots` on `days`, by whomever: as `parking.watch.tally.tally`, without
    persons; and when the oldest of it was counted, None when all of it was counted just now."""
    counted = _counted(tx, days)
    missing = [day for day in days if day not in counted]
    counts = dict(tally(tx, lots, missing).counts) if missing else {}
    rows = tx.execute(
        select(LotDay.lot_id, LotDay.day, LotDay.counts).where(
            LotDay.day.in_(counted), LotDay.lot_id.in_(lots)
        )
    )
    for lot_id, day, found in rows:
        counts[lot_id, day] = {Kind(kind): {"": count} for kind, count in found.items()}
    return Tally(counts), min(counted.values(), default=None)


def keep_counted(db: sessionmaker[Session], now: datetime) -> int:
    """Count every day that was not counted lately enough, the latest first, each in a transaction of its
    own, and forget those that no list looks back to; how many were counted."""
    with db() as tx:
        due = list(_due(tx, now))
    for day in due:
        with db.begin() as tx:
            count_day(tx, day, now)
    with db.begin() as tx:
        tx.execute(delete(LotDay).where(LotDay.day < business_day(now) - KEPT * DAY))
    return len(due)


def count_day(tx: Session, day: date, now: datetime) -> None:
    """Count one day of every lot anew."""
    found = tally(tx, watched_ids(None), [day])
    rows = [
        {"day": day, "lot_id": lot_id, "counts": _summed(found, lot_id, day), "counted_at": now}
        for lot_id, _ in found.counts
    ]
    tx.execute(delete(LotDay).where(LotDay.day == day))
    if rows:
        tx.execute(insert(LotDay), rows)


def _summed(found: Tally, lot_id: uuid.UUID, day: date) -> dict[str, int]:
    counts = {kind.value: found.of(lot_id, day, kind) for kind in Kind}
    return {kind: count for kind, count in counts.items() if count}


def _counted(tx: Session, days: Collection[date]) -> dict[date, datetime]:
    """When each of `days` was counted, where it was."""
    found = select(LotDay.day, sql.min(LotDay.counted_at).label("counted_at")).where(
        LotDay.day.in_(days)
    )
    return {row.day: row.counted_at for row in tx.execute(found.group_by(LotDay.day))}


def _due(tx: Session, now: datetime) -> Iterator[date]:
    today = business_day(now)
    days = [today - back * DAY for back in range(1, KEPT + 1)]
    counted = _counted(tx, days)
    for back, day in enumerate(days, start=1):
        rest = HOUR if back == 1 else DAY if back <= UNSETTLED else None
        if day not in counted or (rest is not None and counted[day] <= now - rest):
            yield day
