"""Every row on the way of the money that was asked about, followed in both directions.

Downwards from a stay: its payments, their movements, the provider's lines about them, the payout that
carries those, the bank's credit. Upwards from a line or a movement: the payment it belongs
to, and its stay. A payout names hundreds of payments: those are listed (`shares`), not followed.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, tuple_
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from parking.sessions.models import ParkingSession
from parking.trace.keys import Found
from parking.trace.model import Share
from payments.belonging import belongs_to, owner, owners
from payments.models import Movement, Payment
from payments.provider import LineKind, MovementKind
from payments.sharing import Allocation, references_of
from reconciliation.models import BANK, SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.payouts.models import (
    StatementShare,
    carrier_of_line,
    carrier_of_payout,
    carrier_of_share,
)
from reconciliation.sides import is_payout

Ids = Collection[uuid.UUID]
Row = TypeVar("Row", Movement, StatementLine)


@dataclass(frozen=True, slots=True)
class Way:
    """The rows, each kind in the order it happened. `lines` are the provider's about payments,
    `payouts` its lines about what it passed on, `credits` the bank's lines; `belonging` maps
    a movement's id to that of its payment."""

    sessions: Sequence[ParkingSession]
    payments: Sequence[Payment]
    movements: Sequence[Movement]
    lines: Sequence[StatementLine]
    payouts: Sequence[StatementLine]
    credits: Sequence[StatementLine]
    belonging: Mapping[uuid.UUID, uuid.UUID]

    @property
    def accounts(self) -> frozenset[uuid.UUID]:
        """The merchant accounts the money went through."""
        settled = (*self.lines, *self.payouts, *self.credits)
        return frozenset(
            (
                *(row.account_id for row in self.payments),
                *(row.account_id for row in self.movements),
                *(row.account_id for row in settled),
            )
        )


def follow(tx: Session, found: Found) -> Way:
    """Everything reachable from what was found."""
    told = tx.scalars(select(StatementLine).where(StatementLine.id.in_(found.lines))).all()
    lines = [line for line in told if line.leg == SETTLEMENT and line.kind != LineKind.PAYOUT]
    payouts = [line for line in told if line.leg == SETTLEMENT and line.kind == LineKind.PAYOUT]
    credited = [line for line in told if line.leg == BANK]
    moved = tx.scalars(select(Movement).where(Movement.id.in_(found.movements))).all()
    payments = tx.scalars(_payments(found, lines, owners(tx, moved))).all()
    movements = _unique(moved, tx.scalars(_movements_of(payments, lines)))
    lines = _unique(lines, tx.scalars(_lines_about(payments, movements)))
    payouts = _unique(payouts, tx.scalars(_payouts_of(lines, movements, credited)))
    credited = _unique(credited, tx.scalars(_credits_of(payouts)))
    movements = _unique(movements, tx.scalars(_bookings_of(payouts)))
    named = references_of(tx, payments).values()
    stays = tx.scalars(_stays(found, {name for names in named for name in names})).all()
    return Way(stays, payments, movements, lines, payouts, credited, owners(tx, movements))


def _unique(*groups: Iterable[Row]) -> list[Row]:
    by_id = {row.id: row for rows in groups for row in rows}
    return sorted(by_id.values(), key=lambda row: (row.event_at, row.id))


def _ids(rows: Iterable[Movement | StatementLine | Payment]) -> list[uuid.UUID]:
    return [row.id for row in rows]


def _counterparts(lines: Iterable[StatementLine]) -> ColumnElement[bool]:
    """Movements that these lines were matched with, or differ from."""
    ids = _ids(lines)
    matched = select(Assignment.movement_id).where(
        Assignment.leg == SETTLEMENT, Assignment.line_id.in_(ids)
    )
    differing = select(Break.movement_id).where(Break.line_id.in_(ids))
    return or_(Movement.id.in_(matched), Movement.id.in_(differing))


def _payments(
    found: Found, lines: Sequence[StatementLine], belonging: Mapping[uuid.UUID, uuid.UUID]
) -> Select[Payment]:
    """Those found, those of the stays found, and those that lines and movements belong to."""
    ids = {*found.payments, *belonging.values()}
    stays = ParkingSession.id.in_(found.sessions)
    references = select(ParkingSession.reference).where(stays)
    shared = select(Allocation.payment_id).where(Allocation.reference.in_(references))
    of_lines = select(owner()).where(_counterparts(lines))
    named = [
        and_(Payment.account_id == line.account_id, Payment.code == line.order_code)
        for line in lines
        if line.order_code
    ]
    wanted = or_(
        Payment.id.in_(ids),
        Payment.reference.in_(references),
        Payment.id.in_(shared),
        Payment.id.in_(of_lines),
        *named,
    )
    return select(Payment).where(wanted).order_by(Payment.created_at, Payment.id)


def _stays(found: Found, references: Collection[str]) -> Select[ParkingSession]:
    return (
        select(ParkingSession)
        .where(
            or_(
                ParkingSession.id.in_(found.sessions),
                ParkingSession.reference.in_(references),
            )
        )
        .order_by(ParkingSession.entry_at, ParkingSession.id)
    )


def _movements_of(payments: Iterable[Payment], lines: Iterable[StatementLine]) -> Select[Movement]:
    of_payments = belongs_to(_ids(payments))
    return select(Movement).where(or_(of_payments, _counterparts(lines)))


def _lines_about(
    payments: Iterable[Payment], movements: Iterable[Movement]
) -> Select[StatementLine]:
    """Lines matched with these movements, differing from them, or carrying the payment's code."""
    ids = _ids(movements)
    matched = select(Assignment.line_id).where(
        Assignment.leg == SETTLEMENT, Assignment.movement_id.in_(ids)
    )
    differing = select(Break.line_id).where(Break.movement_id.in_(ids))
    named = [
        and_(StatementLine.account_id == row.account_id, StatementLine.order_code == row.code)
        for row in payments
    ]
    about = or_(StatementLine.id.in_(matched), StatementLine.id.in_(differing), *named)
    return select(StatementLine).where(StatementLine.leg == SETTLEMENT, about)


def _payouts_of(
    lines: Iterable[StatementLine],
    movements: Iterable[Movement],
    credited: Iterable[StatementLine],
) -> Select[StatementLine]:
    """The payouts that carry these lines, of these bookings, of these bank credits."""
    carried, file = aliased(StatementLine), aliased(Statement)
    named = select(carried.account_id, sql.coalesce(carried.batch, file.batch)).join(
        file, file.id == carried.statement_id
    )
    carrying = tuple_(StatementLine.account_id, carrier_of_payout()).in_(
        named.where(carried.id.in_(_ids(lines)))
    )
    booked = [row for row in movements if row.kind == MovementKind.PAYOUT]
    return (
        select(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            is_payout(),
            or_(carrying, _same_batch((*booked, *credited), StatementLine)),
        )
    )


def _same_batch(
    rows: Iterable[StatementLine | Movement], of: type[StatementLine] | type[Movement]
) -> ColumnElement[bool]:
    named = (and_(of.account_id == row.account_id, of.rail_ref == row.rail_ref) for row in rows)
    return or_(false(), *named)


def _credits_of(payouts: Iterable[StatementLine]) -> Select[StatementLine]:
    return select(StatementLine).where(
        StatementLine.leg == BANK, _same_batch(payouts, StatementLine)
    )


def _bookings_of(payouts: Iterable[StatementLine]) -> Select[Movement]:
    booked = Movement.kind == MovementKind.PAYOUT.value
    return select(Movement).where(booked, _same_batch(payouts, Movement))


def shares(tx: Session, payouts: Iterable[StatementLine]) -> tuple[Share, ...]:
    """What payouts are made of: the lines they carry, whichever files those stand in."""
    carrier = (
        select(StatementLine.account_id, carrier_of_payout())
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(StatementLine.id.in_(_ids(payouts)))
    )
    carried = tuple_(Statement.account_id, carrier_of_share()).in_(carrier)
    files = (
        select(Statement.id)
        .join(StatementShare, StatementShare.statement_id == Statement.id)
        .where(carried)
    )
    query = (
        select(StatementLine)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .where(
            Statement.id.in_(files),
            StatementLine.kind != LineKind.PAYOUT.value,
            tuple_(StatementLine.account_id, carrier_of_line()).in_(carrier),
        )
        .order_by(Statement.day, Statement.id, StatementLine.position)
    )
    return tuple(
        Share(row.line_ref, row.order_code, row.gross, row.fee, row.net, row.currency)
        for row in tx.scalars(query)
    )
