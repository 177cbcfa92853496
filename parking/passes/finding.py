"""Lists of passes: by the last digits of a plate, at some lots, of one operator."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from parking.passes.models import Pass, PassLot
from parking.passes.standing import PassStanding, stands_of

#: More rows than anybody reads; digits of the plate find the rest.
LONGEST_LIST = 60


def at_lots(
    tx: Session, lots: Collection[uuid.UUID], wanted: str, today: date
) -> Sequence[PassStanding]:
    """The passes that hold at one of `lots`, those that end first first; `wanted` keeps plates that
    end in these symbols, and the pass of this number. Without it only those not over."""
    here = select(PassLot.pass_id).where(PassLot.lot_id.in_(lots))
    return _list(tx, select(Pass).where(Pass.id.in_(here)), wanted, today)


def of_operator(
    tx: Session, operator_id: uuid.UUID | None, wanted: str, today: date
) -> Sequence[PassStanding]:
    """The same for every lot of an operator, or of all."""
    query = select(Pass)
    if operator_id is not None:
        query = query.where(Pass.operator_id == operator_id)
    return _list(tx, query, wanted, today)


def _list(tx: Session, query: Select[Pass], wanted: str, today: date) -> Sequence[PassStanding]:
    symbols = "".join(c for c in wanted.upper().replace("Đ", "D") if c.isascii() and c.isalnum())
    if symbols:
        ending = Pass.plate_key.endswith(symbols, autoescape=True)
        number = int(symbols) if symbols.isdigit() and len(symbols) < 10 else 0
        query = query.where(or_(ending, Pass.number == number))
    else:
        query = query.where(Pass.until >= today, Pass.cancelled_at.is_(None))
    return stands_of(
        tx, tx.scalars(query.order_by(Pass.until, Pass.number).limit(LONGEST_LIST)).all(), today
    )
