"""Where a person's decision stands between two rows that would match: the page of the second says so."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from payments.belonging import belongs_to
from payments.models import Movement, Payment
from reconciliation.models import BANK, Break, StatementLine
from reconciliation.sides import by_person


def settled_counterpart(tx: Session, row: Break) -> uuid.UUID | None:
    """The difference that a person resolved about money which an open one may be about as well: same
    account and leg, the other side, the same reference. Taking that resolution back lets the two
    match. None where there is none."""
    if row.state != "open":
        return None
    same = [*_of_line(tx, row), *_of_movement(tx, row), *_of_payout(tx, row)]
    if not same:
        return None
    query = select(Break.id).where(
        Break.account_id == row.account_id, Break.leg == row.leg, by_person(), or_(*same)
    )
    return tx.scalar(query.order_by(Break.resolved_at.desc(), Break.id).limit(1))


def _of_line(tx: Session, row: Break) -> Iterator[ColumnElement[bool]]:
    line = tx.get(StatementLine, row.line_id) if row.line_id else None
    if line is None or row.movement_id or row.payout_id:
        return
    if line.rail_ref is not None and row.leg == BANK:
        yield Break.payout_id.in_(_lines(StatementLine.rail_ref == line.rail_ref))
    elif line.rail_ref is not None:
        alike = select(Movement.id).where(
            Movement.account_id == row.account_id, Movement.rail_ref == line.rail_ref
        )
        yield Break.movement_id.in_(alike)
    elif line.order_code is not None:
        named = select(Payment.id).where(
            Payment.account_id == row.account_id, Payment.code == line.order_code
        )
        mine = select(Movement.id).where(belongs_to(tx.scalars(named).all()))
        yield Break.movement_id.in_(mine)


def _of_movement(tx: Session, row: Break) -> Iterator[ColumnElement[bool]]:
    movement = tx.get(Movement, row.movement_id) if row.movement_id else None
    if movement is None or row.line_id:
        return
    yield Break.line_id.in_(_lines(StatementLine.rail_ref == movement.rail_ref))
    if movement.payment_id is not None:
        code = select(Payment.code).where(Payment.id == movement.payment_id).scalar_subquery()
        yield Break.line_id.in_(
            _lines(StatementLine.order_code == code, StatementLine.rail_ref.is_(None))
        )


def _of_payout(tx: Session, row: Break) -> Iterator[ColumnElement[bool]]:
    payout = tx.get(StatementLine, row.payout_id) if row.payout_id else None
    if payout is not None and row.line_id is None and payout.rail_ref is not None:
        yield Break.line_id.in_(_lines(StatementLine.rail_ref == payout.rail_ref))


def _lines(*same: ColumnElement[bool]) -> Select[uuid.UUID]:
    return select(StatementLine.id).where(*same)
