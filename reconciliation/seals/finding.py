"""Which seal covers a row."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from reconciliation.seals.models import Seal


def seal_over(tx: Session, source: str, row_id: uuid.UUID) -> Seal | None:
    """The seal of the block that the row with this id belongs to; None while it is not sealed."""
    covering = select(Seal).where(Seal.source == source, Seal.last >= row_id.hex)
    return tx.scalar(covering.order_by(Seal.last).limit(1))
