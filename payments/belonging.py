"""Which payment a movement belongs to: the one it was recorded for, or the one a person attached it
to later (`payments.attaching`). Whoever asks whose money a movement is asks here.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.util import AliasedClass

from payments.models import Attachment, Movement


def belongs_to(
    payments: Collection[uuid.UUID] | ColumnElement[uuid.UUID],
) -> ColumnElement[bool]:
    """SQL: movements of these payments (or of one that a parameter names), those attached to them
    later included.

    A union of two indexed look-ups: PostgreSQL reads the whole table for an OR with a subquery.
    """
    told = select(Movement.id).where(_among(Movement.payment_id, payments))
    later = select(Attachment.movement_id).where(_among(Attachment.payment_id, payments))
    return Movement.id.in_(union_all(told, later))


def _among(
    column: InstrumentedAttribute[Any], wanted: Collection[uuid.UUID] | ColumnElement[uuid.UUID]
) -> ColumnElement[bool]:
    return column == wanted if isinstance(wanted, ColumnElement) else column.in_(wanted)


def owner(
    movement: type[Movement] | AliasedClass[Movement] = Movement,
) -> ColumnElement[uuid.UUID | None]:
    """SQL: the id of the payment a movement belongs to, NULL while it is in suspense."""
    later = select(Attachment.payment_id).where(Attachment.movement_id == movement.id)
    return sql.coalesce(movement.payment_id, later.correlate(movement).scalar_subquery())


def owners(tx: Session, movements: Iterable[Movement]) -> Mapping[uuid.UUID, uuid.UUID]:
    """Movement id → payment id, of those that belong to one."""
    rows = list(movements)
    found = {row.id: row.payment_id for row in rows if row.payment_id is not None}
    loose = [row.id for row in rows if row.payment_id is None]
    later = select(Attachment.movement_id, Attachment.payment_id).where(
        Attachment.movement_id.in_(loose)
    )
    return found | {row[0]: row[1] for row in tx.execute(later)}
