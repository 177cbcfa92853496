"""The card as a thing: whose lot it is, and whether it may still be handed out."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking.lots.models import Lot
from payments.db import Base, new_id


class Card(Base):
    """A printed card. `number` is unique in its lot and stands on it. `state`: ready (may be handed
    out; whether it is out tells the open session that holds it), lost or blocked."""

    __tablename__ = "card"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("lot.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(default="ready")
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime | None]

    lot: Mapped[Lot] = relationship(lazy="joined", innerjoin=True)

    __table_args__ = (
        UniqueConstraint("lot_id", "number"),
        CheckConstraint("state IN ('ready', 'lost', 'blocked')", name="state"),
        CheckConstraint("number BETWEEN 1 AND 999999", name="number"),
    )

    @property
    def label(self) -> str:
        """How the card is called where a plate would stand."""
        return card_label(self.number)


def card_label(number: int) -> str:
    """``#0042``: no plate can be written so, and its digits are found like a plate's last ones."""
    return f"#{number:04d}"
