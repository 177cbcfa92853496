"""Who has a difference, and what is said about it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.errors import Conflict
from reconciliation.resolving.deciding import Case
from reconciliation.resolving.log import Entry, read_words, write
from reconciliation.resolving.models import Act, BreakAct, BreakWords


def assign(tx: Session, case: Case, owner: str | None, actor: str, now: datetime) -> BreakAct:
    """Give the difference to `owner`, an actor; None: nobody has it any more. Raises `Conflict` when
    it is so already."""
    if case.row.owner == owner:
        raise Conflict("Nothing changes: the difference has this owner already.")
    case.row.owner = owner
    entry = Entry(actor, Act.ASSIGN, owner=owner, together=case.together)
    return write(tx, case.row, entry, now)


def comment(tx: Session, case: Case, text: str, actor: str, now: datetime) -> BreakAct:
    """Add words of `actor` to the log; the same words sent twice in a row stand once. Raises
    `WrongUsage` without any."""
    words = read_words(text, least=1)
    last = tx.execute(
        select(BreakAct, BreakWords.words)
        .outerjoin(BreakWords, BreakWords.act_id == BreakAct.id)
        .where(BreakAct.break_id == case.row.id)
        .order_by(BreakAct.id.desc())
        .limit(1)
    ).first()
    if last is not None and (last[0].act, last[0].actor, last[1]) == ("comment", actor, words):
        said: BreakAct = last[0]
        return said
    return write(tx, case.row, Entry(actor, Act.COMMENT, words, together=case.together), now)
