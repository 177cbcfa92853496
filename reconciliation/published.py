"""Published figures: numbered, immutable, with the bytes that were given out.

`number` counts all publications without gaps. `parameters` says what a figure is about, in canonical
form; the same kind and parameters published again is the next `revision` and has a `reason`.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of published figures; their rows may never change.
APPEND_ONLY = ("published_figure", "published_file")


class PublishedFigure(Base):
    """A report as somebody published it: `as_of` is when its figures were computed, `operator` a
    label or None for all."""

    __tablename__ = "published_figure"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str]
    parameters: Mapped[str]
    revision: Mapped[int]
    since: Mapped[date]
    until: Mapped[date]
    operator: Mapped[str | None]
    reason: Mapped[str | None]
    as_of: Mapped[datetime | None]
    published_at: Mapped[datetime]
    published_by: Mapped[str]

    __table_args__ = (
        UniqueConstraint("kind", "parameters", "revision"),
        CheckConstraint("revision = 1 OR reason IS NOT NULL", name="reason"),
    )


class PublishedFile(Base):
    """One rendering of a published figure, byte for byte, with its SHA-256 in hexadecimal. `id` tells
    when it was stored, so that it can be sealed."""

    __tablename__ = "published_file"

    figure_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("published_figure.id"), primary_key=True
    )
    language: Mapped[str] = mapped_column(primary_key=True)
    format: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(default=new_id)
    sha256: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ux_published_file_id", "id", unique=True),)
