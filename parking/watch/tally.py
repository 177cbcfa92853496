"""What happened at lots, counted per day, person and kind in one statement, however many lots.

The tables are other rooms' work; here they are only counted. `who` is an actor of the audit trail
(``person:hoa``, ``driver``, ``system:…``).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    distinct,
    func,
    literal_column,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy.orm import Session

from parking.lots.models import Lot
from parking.sessions.exits import Proof
from parking.sessions.models import (
    UNRECORDED,
    Exemption,
    ParkingSession,
    ProxyPayment,
    TransferClaim,
)
from parking.shifts.models import CashEntry, Shift
from parking.watch.days import Instant, city_day, on_days
from payments.db import table_of
from payments.models import Audit, AuditDetail, Payment

#: The lots a question is about: a question for their ids.
LotIds = Select[uuid.UUID]


#: What somebody changes in a stay that is written down, each time it is done.
EDITS = ("session.correct_plate", "session.move", "session.real_exit", "session.still_here")


class Kind(StrEnum):
    """What is counted. Cash and paid are payments that received money, by their booking day."""

    ENTRIES = "entries"
    EXITS = "exits"
    PAID = "paid"
    CASH = "cash"
    PROXY = "proxy"
    EXEMPTIONS = "exemptions"
    CLAIMS = "claims"
    RELEASES = "releases"
    EDITS = "edits"
    PAPERS = "papers"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class Tally:
    """`counts`: (lot, day) → kind → person → how often."""

    counts: Mapping[tuple[uuid.UUID, date], Mapping[Kind, Mapping[str, int]]]

    def of(self, lot: uuid.UUID, day: date, kind: Kind, who: str = "") -> int:
        """How often it happened there that day, by `who` or by anybody."""
        found = self.counts.get((lot, day), {}).get(kind, {})
        return found.get(who, 0) if who else sum(found.values())

    def at_work(self, lot: uuid.UUID, day: date) -> bool:
        """Whether anybody came or went: a closed day is no history."""
        return any(self.of(lot, day, kind) for kind in (Kind.ENTRIES, Kind.EXITS))

    def people(self, lot: uuid.UUID, day: date) -> set[str]:
        """Who of the staff did anything there that day."""
        kinds = self.counts.get((lot, day), {}).values()
        return {who for found in kinds for who in found if who.startswith("person:")}


def tally(tx: Session, lots: LotIds, days: Collection[date]) -> Tally:
    """Count everything of `Kind` at `lots` on `days`."""
    counts: dict[tuple[uuid.UUID, date], dict[Kind, dict[str, int]]] = {}
    for lot, day, kind, who, count in tx.execute(union_all(*_questions(lots, days))):
        kinds = counts.setdefault((lot, day), defaultdict(dict))
        kinds[Kind(kind)][who or ""] = count
    return Tally(counts)


def _questions(lots: LotIds, days: Collection[date]) -> Iterator[Select[Any]]:
    yield from _stays(lots, days)
    yield _of_stay(Kind.EXEMPTIONS, Exemption, Exemption.at, Exemption.by, lots, days).where(
        Exemption.withdrawn_at.is_(None)
    )
    yield _of_stay(
        Kind.CLAIMS, TransferClaim, TransferClaim.claimed_at, TransferClaim.claimed_by, lots, days
    ).where(func.coalesce(TransferClaim.outcome, "") != "withdrawn")
    yield _releases(lots, days)
    yield _edits(lots, days)
    yield from _payments(lots, days)


def _stays(lots: LotIds, days: Collection[date]) -> Iterator[Select[Any]]:
    stay, nobody_saw = ParkingSession, ParkingSession.exit_kind == UNRECORDED
    entered, left = (stay.entry_at, stay.opened_by), (stay.exit_at, stay.exit_by)
    seen = or_(stay.exit_kind.is_(None), ~nobody_saw)
    by_papers = stay.exit_proof == Proof.PAPERS
    for kind, (at, who), *which in (
        (Kind.ENTRIES, entered),
        (Kind.EXITS, left, seen),
        (Kind.UNRECORDED, left, nobody_saw),
        (Kind.PAPERS, left, by_papers),
    ):
        yield _count(kind, stay.lot_id, city_day(at), who).where(
            stay.lot_id.in_(lots), on_days(at, days), *which
        )


def _count(
    kind: Kind, lot: Any, day: ColumnElement[Any], who: Any, what: ColumnElement[int] | None = None
) -> Select[Any]:
    """Rows of lot, day, kind, person and count."""
    named = _text(kind).label("kind")
    counted = (func.count() if what is None else what).label("count")
    return select(lot, day.label("day"), named, who, counted).group_by(lot, day, who)


def _text(words: str) -> ColumnElement[str]:
    return literal_column(f"'{words}'", String)


def _of_stay(
    kind: Kind, row: Any, at: Instant, who: Any, lots: LotIds, days: Collection[date]
) -> Select[Any]:
    """What hangs on a stay and was done at `at`."""
    here = ParkingSession.lot_id
    return (
        _count(kind, here, city_day(at), who)
        .select_from(row)
        .join(ParkingSession, ParkingSession.id == row.session_id)
        .where(here.in_(lots), on_days(at, days))
    )


def _releases(lots: LotIds, days: Collection[date]) -> Select[Any]:
    """Stays let out though something was due, on a claim or on nothing; each once, however it was
    written down."""
    stay, claim = ParkingSession, TransferClaim
    unpaid = (
        select(stay.id, stay.lot_id, city_day(Audit.at).label("day"), Audit.actor.label("who"))
        .join(Audit, Audit.subject == stay.reference)
        .where(Audit.act == "session.exit_unpaid", on_days(Audit.at, days))
    )
    on_claim = (
        select(stay.id, stay.lot_id, city_day(claim.released_at), claim.released_by)
        .join(claim, claim.session_id == stay.id)
        .where(on_days(claim.released_at, days))
    )
    gone = (stay.lot_id.in_(lots), stay.exit_at.is_not(None))
    both = union(unpaid.where(*gone), on_claim.where(*gone)).subquery().c
    return _count(Kind.RELEASES, both.lot_id, both.day, both.who, func.count(distinct(both.id)))


def _edits(lots: LotIds, days: Collection[date]) -> Select[Any]:
    """Plates corrected, stays moved, entries set back, exits set right; a declared entry that was only
    confirmed is none. A stay that was moved counts at the lot it went to."""
    detail = AuditDetail.detail
    moved = detail["before"].as_string() != detail["after"].as_string()
    which = or_(Audit.act.in_(EDITS), and_(Audit.act == "session.confirm_entry", moved))
    return (
        _count(Kind.EDITS, ParkingSession.lot_id, city_day(Audit.at), Audit.actor)
        .select_from(Audit)
        .join(ParkingSession, ParkingSession.reference == Audit.subject)
        .outerjoin(AuditDetail, AuditDetail.audit_id == Audit.id)
        .where(which, on_days(Audit.at, days), ParkingSession.lot_id.in_(lots))
    )


def _payments(lots: LotIds, days: Collection[date]) -> Iterator[Select[Any]]:
    received = (Payment.received > 0, Payment.book_day.in_(days))
    day = table_of(Payment).c.book_day
    here = (Lot.number == Payment.cost_centre, Lot.id.in_(lots))
    paid = select(Lot.id, day.label("day"), _text(Kind.PAID), _text(""), func.count())
    yield paid.select_from(Lot).join(Payment, and_(*here)).where(*received).group_by(Lot.id, day)
    proxy = _count(Kind.PROXY, Lot.id, day, ProxyPayment.by).select_from(ProxyPayment)
    payment = ProxyPayment.payment_id == Payment.id
    yield proxy.join(Payment, payment).join(Lot, and_(*here)).where(*received)
    cash = _count(Kind.CASH, Shift.lot_id, day, CashEntry.by).select_from(CashEntry)
    cash = cash.join(Payment, Payment.id == CashEntry.payment_id)
    cash = cash.join(Shift, Shift.id == CashEntry.shift_id)
    yield cash.where(Shift.lot_id.in_(lots), *received)
