"""The chain: each seal covers one block of rows of one table and names the seal before it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base

#: Tables of this room whose rows may never change.
APPEND_ONLY = ("seal",)


class Seal(Base):
    """One block: `count` rows of the table `source`, every row after the table's last block up to the
    key `last` (`reconciliation.seals.canonical` names keys), of which `first` is the first. Append-only.

    `rows` is the SHA-256 of the block's canonical bytes in form `form`, `previous` the digest of the
    seal before this one in the chain, `digest` that of all of these together with `marks`, the four
    bytes that each row leaves behind so that it can be named when it was changed.
    """

    __tablename__ = "seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str]
    form: Mapped[int]
    first: Mapped[str]
    last: Mapped[str]
    count: Mapped[int]
    rows: Mapped[str]
    marks: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_at: Mapped[datetime]
    previous: Mapped[str]
    digest: Mapped[str]

    __table_args__ = (
        CheckConstraint("number > 0", name="number_positive"),
        CheckConstraint("count > 0", name="count_positive"),
        Index("ix_seal_source", "source", "last"),
    )
