"""The log of a difference: every act of a person on it, and the words that came with it."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from payments import audit
from payments.db import new_id
from payments.errors import WrongUsage
from reconciliation.models import Break
from reconciliation.resolving.models import Act, BreakAct, BreakWords

LONGEST_WORDS = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """What to write down; the fields are those of `BreakAct`."""

    actor: str
    act: Act
    words: str = ""
    reason: str | None = None
    amount: int | None = None
    owner: str | None = None
    cause: str | None = None
    together: int = 1
    id: uuid.UUID = field(default_factory=new_id)


def read_words(text: str, *, least: int = 0) -> str:
    """What somebody typed, trimmed. Raises `WrongUsage` when it is shorter than `least` letters or
    longer than `LONGEST_WORDS`."""
    words = text.strip()
    if len(words) < least:
        raise WrongUsage("Please say in a few words why.")
    if len(words) > LONGEST_WORDS:
        raise WrongUsage("Please say it in at most %(most)s letters.", most=LONGEST_WORDS)
    return words


def write(tx: Session, row: Break, entry: Entry, now: datetime) -> BreakAct:
    """Add `entry` to the log of `row` and to the audit trail, which holds no words."""
    salt = secrets.token_bytes(16)
    made = BreakAct(
        id=entry.id,
        break_id=row.id,
        at=now,
        actor=entry.actor,
        act=entry.act.value,
        reason=entry.reason,
        amount=entry.amount,
        owner=entry.owner,
        cause=entry.cause,
        together=entry.together,
        digest=audit.salted_digest(salt, entry.words.encode()) if entry.words else None,
    )
    tx.add(made)
    tx.flush()
    if entry.words:
        tx.add(BreakWords(act_id=made.id, salt=salt, words=entry.words))
    told = {"act": str(made.id), "reason": entry.reason, "amount": entry.amount}
    told |= {"owner": entry.owner, "together": entry.together}
    detail: dict[str, object] = {name: value for name, value in told.items() if value is not None}
    audit.append(tx, entry.actor, f"break.{entry.act}", f"break:{row.id}", detail, now)
    return made


@dataclass(frozen=True, slots=True)
class Said:
    """An act as it is read: `words` None where nothing was said or retention deleted it; `before`:
    it was done while the difference stood under another name."""

    act: BreakAct
    words: str | None
    before: bool


def timeline(tx: Session, row: Break) -> Sequence[Said]:
    """What was done to a difference, the last first; also while it went under other names, because
    classes change when files come and the work must not be lost."""
    query = (
        select(BreakAct, BreakWords.words)
        .outerjoin(BreakWords, BreakWords.act_id == BreakAct.id)
        .where(BreakAct.break_id.in_([row.id, *(one.id for one in namesakes(tx, row))]))
        .order_by(BreakAct.at.desc(), BreakAct.id.desc())
    )
    return [Said(act, words, act.break_id != row.id) for act, words in tx.execute(query)]


def namesakes(tx: Session, row: Break) -> Sequence[Break]:
    """The other differences that the same rows had on the same leg, oldest first."""
    same = [
        getattr(Break, name) == side
        for name in ("line_id", "movement_id", "payout_id")
        if (side := getattr(row, name)) is not None
    ]
    query = select(Break).where(Break.leg == row.leg, Break.id != row.id, or_(*same))
    return tx.scalars(query.order_by(Break.opened_at, Break.id)).all()
