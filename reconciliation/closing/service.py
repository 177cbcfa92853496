"""Closing a day, in two steps with a wait between them, so that nobody who pays ever waits for it.

`begin` stops the day: new money is booked on the next open one. What is on its way may still arrive
for as long as any transaction may run; `reconciliation.closing.finishing`, at a later turn, adds up,
proves, certifies. Whoever dies in between leaves a day that is closing, and the next turn finishes it.
What is not explained keeps a day from being closed, unless one person names it with a reason and
another one agrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import book_days
from payments.db import insert_once, new_id
from payments.errors import Conflict, WrongUsage
from payments.models import MerchantAccount
from reconciliation.closing.attempts import (
    OperatorDay,
    another,
    exceptions_of,
    live,
    not_closing,
    note,
    read_reason,
    refuse_unexplained,
)
from reconciliation.closing.models import (
    ASKED,
    CLOSED,
    CLOSING,
    WITHDRAWN,
    Closing,
    ClosingException,
)
from reconciliation.closing.obstacles import Obstacle, obstacles


def begin(
    tx: Session, which: OperatorDay, exceptions: Mapping[str, str], actor: str, now: datetime
) -> Closing:
    """Begin to close a day; `exceptions` names what may stay unexplained (`Obstacle.subject`) → why.

    Without exceptions the day stops taking money at once; with some it waits for another person
    (`confirm`). Beginning again is harmless, and may name more. Raises `Conflict` for a day that has
    not ended, `NotExplained` with what is missing, `WrongUsage` for a reason that says nothing and
    for an exception that is none.
    """
    book_days.refuse_running(which.day, now)
    _check_operator(tx, which)
    closing = _attempt(tx, which, actor, now)
    if closing.state == CLOSED:
        return closing
    found = {one.subject: one for one in obstacles(tx, which.operator, which.day)}
    _name(tx, which, closing, found, exceptions, actor, now)
    named = exceptions_of(tx, closing)
    refuse_unexplained(which, found.values(), {one.subject for one in named})
    if closing.state == ASKED and all(one.confirmed_by for one in named):
        _stop(tx, which, closing, actor, now)
    return closing


def _check_operator(tx: Session, which: OperatorDay) -> None:
    known = select(MerchantAccount.id).where(MerchantAccount.operator == which.operator)
    if tx.scalar(known.limit(1)) is None:
        raise Conflict("No operator %(operator)s has a merchant account.", operator=which.operator)


def _attempt(tx: Session, which: OperatorDay, actor: str, now: datetime) -> Closing:
    """The attempt that stands, or a new one; nobody else works on it until `tx` ends."""
    if live(tx, which) is None:
        new = Closing(
            id=new_id(), operator=which.operator, day=which.day, state=ASKED,
            begun_by=actor, begun_at=now,
        )  # fmt: skip
        insert_once(tx, new)
    found = live(tx, which, lock=True)
    if found is None:
        raise Conflict("Somebody else is closing this day; look again.")
    return found


def _name(
    tx: Session,
    which: OperatorDay,
    closing: Closing,
    found: Mapping[str, Obstacle],
    exceptions: Mapping[str, str],
    actor: str,
    now: datetime,
) -> None:
    known = {one.subject for one in exceptions_of(tx, closing)}
    for subject, why in sorted(exceptions.items()):
        if subject in known:
            continue
        if subject not in found:
            raise WrongUsage("%(subject)s needs no exception.", subject=subject)
        reason = read_reason(why)
        tx.add(
            ClosingException(
                closing_id=closing.id, subject=subject, kind=found[subject].kind.value,
                reason=reason, named_by=actor, named_at=now,
            )
        )  # fmt: skip
        note(tx, which, "except", actor, now, subject=subject, reason=reason)
    tx.flush()


def _stop(tx: Session, which: OperatorDay, closing: Closing, actor: str, now: datetime) -> None:
    book_days.stop(tx, which.operator, which.day, now)
    closing.state, closing.stopped_at = CLOSING, now
    tx.flush()
    note(tx, which, "begin", actor, now)


def confirm(tx: Session, which: OperatorDay, actor: str, now: datetime) -> Closing:
    """Agree to everything that was named and not agreed to yet; the day then stops taking money.

    Raises `Conflict` when there is nothing to agree to and when `actor` named any of it, and
    `NotExplained` for what has come up since.
    """
    closing = live(tx, which, lock=True)
    named = exceptions_of(tx, closing) if closing else ()
    waiting = [one for one in named if one.confirmed_by is None]
    if closing is None or not waiting:
        raise Conflict("Nothing of %(day)s waits for a second person.", day=which.day)
    for one in waiting:
        another(one.named_by, actor)
        one.confirmed_by, one.confirmed_at = actor, now
        note(tx, which, "confirm", actor, now, subject=one.subject)
    tx.flush()
    refuse_unexplained(
        which, obstacles(tx, which.operator, which.day), {one.subject for one in named}
    )
    if closing.state == ASKED:
        _stop(tx, which, closing, actor, now)
    return closing


def withdraw(tx: Session, which: OperatorDay, actor: str, now: datetime) -> Closing:
    """Give up an attempt that is not certified: the day takes money again. Raises `Conflict`."""
    closing = live(tx, which, lock=True)
    if closing is None or closing.state == CLOSED:
        raise not_closing(which)
    if closing.state == CLOSING:
        book_days.open_again(tx, which.operator, which.day)
    closing.state = WITHDRAWN
    tx.flush()
    note(tx, which, "withdraw", actor, now)
    return closing
