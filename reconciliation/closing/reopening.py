"""Opening a closed day again: for a reason, by two people. Closing it anew makes the next revision."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from payments import book_days
from payments.errors import Conflict
from reconciliation.closing.attempts import OperatorDay, another, live, note, read_reason
from reconciliation.closing.models import CLOSED, REOPENED, Closing


def ask(tx: Session, which: OperatorDay, reason: str, actor: str, now: datetime) -> Closing:
    """Ask for a closed day to be opened again. Raises `Conflict` for a day that is not closed, or that
    somebody asked for before, `WrongUsage` for a reason that says nothing."""
    words, closing = read_reason(reason), _closed(tx, which)
    if closing.reopen_asked_by is not None:
        raise Conflict(
            "%(first)s asked before; somebody else has to agree.",
            first=closing.reopen_asked_by.removeprefix("person:"),
        )
    closing.reopen_reason, closing.reopen_asked_by, closing.reopen_asked_at = words, actor, now
    note(tx, which, "reopening.ask", actor, now, reason=words)
    return closing


def refuse(tx: Session, which: OperatorDay, actor: str, now: datetime) -> Closing:
    """The day stays closed; whoever asked may take it back so. Raises `Conflict`."""
    closing = _asked(tx, which)
    note(tx, which, "reopening.refuse", actor, now, reason=closing.reopen_reason)
    closing.reopen_reason = closing.reopen_asked_by = closing.reopen_asked_at = None
    return closing


def reopen(tx: Session, which: OperatorDay, actor: str, now: datetime) -> Closing:
    """Agree: the day takes rows again; its certificate stays as it is. Raises `Conflict` when nobody
    asked, and when `actor` did."""
    closing = _asked(tx, which)
    another(closing.reopen_asked_by or "", actor)
    closing.state, closing.reopened_by, closing.reopened_at = REOPENED, actor, now
    tx.flush()
    book_days.open_again(tx, which.operator, which.day)
    note(tx, which, "reopening.agree", actor, now, reason=closing.reopen_reason)
    return closing


def _closed(tx: Session, which: OperatorDay) -> Closing:
    closing = live(tx, which, lock=True)
    if closing is None or closing.state != CLOSED:
        raise Conflict("%(day)s of %(operator)s is not closed.",
                       day=which.day, operator=which.operator)  # fmt: skip
    return closing


def _asked(tx: Session, which: OperatorDay) -> Closing:
    closing = _closed(tx, which)
    if closing.reopen_asked_by is None:
        raise Conflict("Nobody asked for %(day)s to be opened again.", day=which.day)
    return closing
