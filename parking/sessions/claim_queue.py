"""The transfers somebody vouches for and no bank has told of: who waits, since when, and how old they get."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.sessions.models import ParkingSession, TransferClaim
from payments.db import business_day

#: The last day of each age group but the last, counted in the city's calendar days.
AGES = (1, 3, 7, 30)
PERSON = "person:"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open claim beside its stay; `age` in calendar days."""

    claim: TransferClaim
    session: ParkingSession
    age: int

    @property
    def attendant(self) -> str | None:
        """The actor who let the vehicle out on it, or else vouched for it; None where only the driver
        did, and nobody let the vehicle out."""
        actor = self.claim.released_by or self.claim.claimed_by
        return actor if actor.startswith(PERSON) else None


@dataclass(frozen=True, slots=True)
class AgeRow:
    """The open claims of one lot and one attendant: count and sum (minor units) by age group."""

    lot: Lot
    attendant: str | None
    counts: tuple[int, ...]
    sums: tuple[int, ...]

    @property
    def count(self) -> int:
        return sum(self.counts)

    @property
    def total(self) -> int:
        return sum(self.sums)


def waiting_claims(tx: Session, now: datetime, *which: ColumnElement[bool]) -> Sequence[Waiting]:
    """The open claims for which all of `which` holds, oldest first; `which` may speak of claims,
    sessions and lots."""
    query = (
        select(TransferClaim, ParkingSession)
        .join(ParkingSession, ParkingSession.id == TransferClaim.session_id)
        .join(Lot, Lot.id == ParkingSession.lot_id)
        .where(TransferClaim.outcome.is_(None), *which)
        .order_by(TransferClaim.claimed_at, TransferClaim.id)
    )
    today = business_day(now)
    return [
        Waiting(claim, session, max(0, (today - business_day(claim.claimed_at)).days))
        for claim, session in tx.execute(query)
    ]


def age_group(age: int) -> int:
    """The place of an age, in days, among the groups that `AGES` divide."""
    return sum(age > last for last in AGES)


def by_lot_and_attendant(waiting: Iterable[Waiting]) -> Sequence[AgeRow]:
    """Pure: one row for each lot and attendant, by number and name; what only drivers vouch for stands
    first. The rows of a lot add up to its claims."""
    groups: dict[tuple[str, str], list[Waiting]] = {}
    for row in waiting:
        groups.setdefault((row.session.lot.number, row.attendant or ""), []).append(row)
    return [_row(groups[key]) for key in sorted(groups)]


def _row(rows: Sequence[Waiting]) -> AgeRow:
    counts, sums = [0] * (len(AGES) + 1), [0] * (len(AGES) + 1)
    for row in rows:
        group = age_group(row.age)
        counts[group] += 1
        sums[group] += row.claim.amount
    return AgeRow(rows[0].session.lot, rows[0].attendant, tuple(counts), tuple(sums))
