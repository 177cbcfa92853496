"""Rows about the work on differences: what people did and said, and what waits for a second person."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of this room whose rows may never change.
APPEND_ONLY = ("break_act",)


class Act(StrEnum):
    """What a person can do to a difference. A proposal waits for somebody else, who approves or
    refuses it; approving what was proposed resolves the difference, or opens it again."""

    ASSIGN = "assign"
    COMMENT = "comment"
    PROPOSE = "propose"
    RESOLVE = "resolve"
    APPROVE = "approve"
    REFUSE = "refuse"
    PROPOSE_UNDO = "propose_undo"
    UNDO = "undo"
    APPROVE_UNDO = "approve_undo"


#: After one of these a difference is resolved by a person; after the others of `DECISIONS` it is not.
RESOLVING = (Act.RESOLVE.value, Act.APPROVE.value)
DECISIONS = (*RESOLVING, Act.UNDO.value, Act.APPROVE_UNDO.value)


class BreakAct(Base):
    """One act of a person on one difference. `reason` is a code of `resolving.reasons`; `amount` the
    difference it was about, theirs − ours, signed; `owner` who has it after an assignment, None when
    nobody; `cause` names the adjustment it booked or took back; `together` on how many differences
    the same act was done at once; `digest` is that of the words. Append-only."""

    __tablename__ = "break_act"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    break_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("break.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    act: Mapped[str]
    reason: Mapped[str | None]
    amount: Mapped[int | None]
    owner: Mapped[str | None]
    cause: Mapped[str | None] = mapped_column(index=True)
    together: Mapped[int] = mapped_column(default=1)
    digest: Mapped[str | None]

    __table_args__ = (
        CheckConstraint(
            "act IN ('assign', 'comment', 'propose', 'resolve', 'approve', 'refuse',"
            " 'propose_undo', 'undo', 'approve_undo')",
            name="act",
        ),
        CheckConstraint("together > 0", name="together"),
    )


class BreakWords(Base):
    """What a person wrote with an act, and the salt of its digest; retention may delete it."""

    __tablename__ = "break_words"

    act_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("break_act.id"), primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    words: Mapped[str]


class BreakProposal(Base):
    """The proposal of a difference that waits for a second person; it goes when it is decided. A
    proposal to resolve something that a file explained meanwhile waits for nobody."""

    __tablename__ = "break_proposal"

    break_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("break.id"), primary_key=True)
    act_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("break_act.id"))
