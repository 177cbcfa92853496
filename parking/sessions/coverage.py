"""Which moments a received quote covers: a quote covers once its amount was received in time, until
the exit grace has run from the later of the provider's time and ours.

Of a payment for several stays each quote is judged by its own share: it was received when the
receipts so far, in the order of the provider's times, filled the parts before it and its own.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from sqlalchemy import ColumnElement, or_, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.sessions.models import ParkingSession, Quote, quotes_of
from parking.tariffs import TariffBook
from payments.belonging import belongs_to, owners
from payments.models import Attachment, Movement, Payment
from payments.provider import MovementKind
from payments.sharing import Allocation


@dataclass(frozen=True, slots=True)
class Coverage:
    """A received quote: it priced the stay at `priced_at` and covers until `until`."""

    priced_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """So much had come by then: by the provider's time `paid_at`, by ours at `recorded_at`."""

    quotes: tuple[uuid.UUID, ...]
    amount: int
    paid_at: datetime
    recorded_at: datetime


def coverage_of(
    tx: Session, tariffs: TariffBook, sessions: Mapping[uuid.UUID, ParkingSession]
) -> dict[uuid.UUID, Coverage]:
    """The longest-lasting received quote of each session that has one."""
    quotes = {
        quote.id: quote for quote in tx.scalars(select(Quote).where(Quote.session_id.in_(sessions)))
    }
    if not quotes:
        return {}
    best: dict[uuid.UUID, Coverage] = {}
    references = {session.reference for session in sessions.values()}
    for quote_id, covered_from in _received(tx, quotes, references).items():
        quote = quotes[quote_id]
        grace = tariffs.version(quote.tariff_code, quote.tariff_version).exit_grace_minutes
        cover = Coverage(quote.priced_at, covered_from + timedelta(minutes=grace))
        if quote.session_id not in best or best[quote.session_id].until < cover.until:
            best[quote.session_id] = cover
    return best


def money_since(moment: datetime) -> ColumnElement[bool]:
    """SQL: whether a quote of a `ParkingSession` of the query may have been received since `moment`.

    Where it says no, no quote covers beyond `moment` and the grace. It says yes too often where money
    was attached by hand or shared among stays: rare, and not worth the search.
    """
    alone = Payment.reference == ParkingSession.reference
    told = select(Movement.id).join(Payment, Payment.id == Movement.payment_id)
    attached = select(Attachment.movement_id).join(Payment, Payment.id == Attachment.payment_id)
    shared = select(Allocation.payment_id).where(Allocation.reference == ParkingSession.reference)
    lately = or_(Movement.recorded_at >= moment, Movement.event_at >= moment)
    return or_(told.where(alone, lately).exists(), attached.where(alone).exists(), shared.exists())


def _received(
    tx: Session, quotes: Mapping[uuid.UUID, Quote], references: Collection[str]
) -> dict[uuid.UUID, datetime]:
    """Quote id → the later of the provider's time and ours, of every quote paid in time."""
    found: dict[uuid.UUID, datetime] = {}
    for receipt in (*_alone(tx, references), *_shared(tx, references)):
        for quote in (quotes[name] for name in receipt.quotes if name in quotes):
            if receipt.amount >= quote.amount and receipt.paid_at <= quote.expires_at:
                since = found.get(quote.id, receipt.paid_at)
                found[quote.id] = max(since, receipt.paid_at, receipt.recorded_at)
    return found


def _alone(tx: Session, references: Collection[str]) -> Iterator[Receipt]:
    """What completed the payments for one stay each."""
    fact = (
        Payment.id,
        Payment.intent,
        Payment.received,
        Payment.paid_at,
        Movement.recorded_at,
    )
    told = select(*fact).join(Movement, Movement.payment_id == Payment.id)
    later = (
        select(*fact)
        .join(Attachment, Attachment.payment_id == Payment.id)
        .join(Movement, Movement.id == Attachment.movement_id)
    )
    completing = (
        Payment.reference.in_(references),
        Movement.kind == MovementKind.RECEIPT,
        Movement.event_at == Payment.paid_at,
    )
    facts = union_all(told.where(*completing), later.where(*completing)).subquery()
    payment = list(facts.c)[:-1]
    columns = [*payment, sql.min(facts.c.recorded_at)]
    rows = tx.execute(select(*columns).group_by(*payment))
    for _, intent, amount, paid_at, recorded_at in rows:
        yield Receipt(quotes_of(intent), amount, paid_at, recorded_at)


def _shared(tx: Session, references: Collection[str]) -> Iterator[Receipt]:
    """What completed each part of payments for several stays that is for one of `references`."""
    mine = select(Allocation.payment_id).where(Allocation.reference.in_(references))
    parts = tx.execute(
        select(Allocation, Payment.intent, Payment.currency)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(Allocation.payment_id.in_(mine))
        .order_by(Allocation.payment_id, Allocation.position)
    ).all()
    if not parts:
        return
    came = _receipts(tx, {part.payment_id: currency for part, _, currency in parts})
    filled: defaultdict[uuid.UUID, int] = defaultdict(int)
    for part, intent, _ in parts:
        filled[part.payment_id] += part.amount
        completing = _completing(came[part.payment_id], filled[part.payment_id])
        if completing is not None and part.reference in references:
            named = quotes_of(intent)[part.position - 1 : part.position]
            yield Receipt(named, part.amount, completing.event_at, completing.recorded_at)


def _receipts(
    tx: Session, payments: Mapping[uuid.UUID, str]
) -> Mapping[uuid.UUID, Sequence[Movement]]:
    """Payment id → what came in its currency, by the provider's time; `payments`: id → currency."""
    rows = tx.scalars(
        select(Movement)
        .where(belongs_to(payments), Movement.kind == MovementKind.RECEIPT)
        .order_by(Movement.event_at, Movement.recorded_at, Movement.id)
    ).all()
    of, came = owners(tx, rows), defaultdict(list)
    for row in rows:
        if row.currency == payments[of[row.id]]:
            came[of[row.id]].append(row)
    return came


def _completing(came: Sequence[Movement], wanted: int) -> Movement | None:
    """Pure: the receipt with which `wanted` had come."""
    totals = accumulate(row.amount for row in came)
    return next((row for row, so_far in zip(came, totals, strict=True) if so_far >= wanted), None)
