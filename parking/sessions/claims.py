"""“Transferred, waiting for the bank”: somebody vouches for money that no feed has told of yet.

A claim changes nothing about money. It lets an attendant tell a vehicle that waits for a slow bank
from one that does not pay, and keeps the difference in sight until the money came or somebody said
that it will not. What is due stays `parking.sessions.due`'s: the exit freezes the price, and a quote
that was paid in time by the bank's clock covers, however late its money is told.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.reasons import read_reason
from parking.sessions.due import judge, money_of, standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import ParkingSession, TransferClaim
from parking.sessions.service import lock_session
from parking.tariffs import TariffBook
from payments import audit
from payments.errors import Conflict, NotFound, WrongUsage

#: What a bank prints beside a transfer: letters and digits, with a few signs between them. No source
#: of ours says how long; the longest reference of its files has 35 symbols (camt.053, Max35Text).
LONGEST_REFERENCE = 35
_REFERENCE = re.compile(r"[0-9A-Za-z]([0-9A-Za-z ./_-]*[0-9A-Za-z])?", re.ASCII)

#: Who settles a claim whose money came.
ACTOR = "system:claims"
#: Claims looked at in one transaction.
AT_ONCE = 200


def claim(
    tx: Session,
    tariffs: TariffBook,
    session_id: uuid.UUID,
    actor: str,
    bank_reference: str,
    now: datetime,
) -> TransferClaim:
    """Say that what is due was transferred; the claim that is open already gets the reference, if
    one is given. `bank_reference` is what the payer's bank printed, or empty.

    Raises `Conflict` when nothing is due, `WrongUsage` for a reference that no bank prints.
    """
    session, reference = lock_session(tx, session_id), read_reference(bank_reference)
    found = open_claim(tx, session.id)
    if found is None:
        return _claimed(tx, tariffs, session, Leaving(actor, now), reference)
    if reference and reference != found.bank_reference:
        found.bank_reference = reference
        _write_down(tx, actor, "session.claim", session, found, now)
    return found


def release(
    tx: Session, tariffs: TariffBook, session_id: uuid.UUID, leaving: Leaving, now: datetime
) -> TransferClaim | None:
    """Let a vehicle out that waits for the bank: on its open claim, or on one in the name of whoever
    lets it out. Recording it again changes nothing. When nothing is due (any more) this is an exit
    like any other, and released on nothing; None where nobody claimed anything.

    Raises `Conflict` when the vehicle has left in another way.
    """
    session = lock_session(tx, session_id)
    found = open_claim(tx, session.id)
    if session.exit_at is not None:
        return _released_before(session, found)
    record_exit(tx, session.id, leaving, now)
    if standing(tx, tariffs, session, now).settled:
        return found
    found = found or _claimed(tx, tariffs, session, leaving, None)
    found.released_by, found.released_at = leaving.actor, session.exit_at
    _write_down(tx, leaving.actor, "session.release", session, found, now)
    return found


def _released_before(session: ParkingSession, found: TransferClaim | None) -> TransferClaim:
    if found is None or found.released_at is None:
        raise Conflict("The exit of %(plate)s is recorded already.", plate=session.plate)
    return found


def withdraw(tx: Session, session_id: uuid.UUID, actor: str, now: datetime) -> None:
    """Take the open claim back: it was a mistake. Without one nothing happens. Raises `Conflict` once
    a vehicle was let out on it: then only finance says how it ended."""
    session = lock_session(tx, session_id)
    found = open_claim(tx, session.id)
    if found is None:
        return
    if found.released_at is not None:
        raise Conflict(
            "%(plate)s was let out on this transfer; finance closes it.", plate=session.plate
        )
    _settle(found, "withdrawn", actor, now)
    _write_down(tx, actor, "session.claim_withdrawn", session, found, now)


def close_unpaid(
    tx: Session, claim_id: uuid.UUID, reason: str, actor: str, now: datetime
) -> TransferClaim:
    """The money never came, and nobody waits for it any longer. What is due stays due, and money
    that comes all the same counts. Raises `WrongUsage` without a reason, `Conflict` when the claim is
    settled, `NotFound`."""
    row, why = tx.get(TransferClaim, claim_id), read_reason(reason)
    if row is None:
        raise NotFound("There is no such announced transfer.")
    session = lock_session(tx, row.session_id)
    tx.refresh(row)
    if row.outcome is not None:
        raise Conflict("The announced transfer of %(plate)s is settled.", plate=session.plate)
    _settle(row, "unpaid", actor, now)
    detail: dict[str, object] = {"due": row.amount, "reason": why}
    audit.append(tx, actor, "session.claim_unpaid", session.reference, detail, now)
    return row


def settle_claims(db: sessionmaker[Session], tariffs: TariffBook, now: datetime) -> int:
    """Close the open claims that came true; how many. The others stay in the queue, however old."""
    with db() as tx:
        waiting = tx.scalars(
            select(TransferClaim.session_id)
            .where(TransferClaim.outcome.is_(None))
            .order_by(TransferClaim.claimed_at)
        ).all()
    parts = (waiting[begin : begin + AT_ONCE] for begin in range(0, len(waiting), AT_ONCE))
    return sum(_settle_some(db, tariffs, part, now) for part in parts)


def _settle_some(
    db: sessionmaker[Session], tariffs: TariffBook, sessions: Sequence[uuid.UUID], now: datetime
) -> int:
    with db() as tx:
        true = _came_true(tx, tariffs, sessions)
    for session_id in true:
        with db.begin() as tx:
            # again under the lock: a refund, or whoever withdraws, may have been faster
            lock_session(tx, session_id)
            if _came_true(tx, tariffs, [session_id]) and (row := open_claim(tx, session_id)):
                _settle(row, "paid", ACTOR, now)
    return len(true)


def _came_true(
    tx: Session, tariffs: TariffBook, sessions: Sequence[uuid.UUID]
) -> Sequence[uuid.UUID]:
    """Those of `sessions` whose open claim, with the money known by now, left nothing due when the
    vehicle left, or else when the claim was made: who stays on owes more, but not because of it."""
    rows = tx.execute(
        select(TransferClaim.claimed_at, ParkingSession)
        .join(ParkingSession, ParkingSession.id == TransferClaim.session_id)
        .where(TransferClaim.session_id.in_(sessions), TransferClaim.outcome.is_(None))
    ).all()
    money = money_of(tx, tariffs, [session for _, session in rows])
    return [
        session.id
        for claimed_at, session in rows
        if judge(tariffs, session, money[session.id], claimed_at).settled
    ]


def open_claim(tx: Session, session_id: uuid.UUID) -> TransferClaim | None:
    """The claim of this session that is not settled yet."""
    return tx.scalar(
        select(TransferClaim).where(
            TransferClaim.session_id == session_id, TransferClaim.outcome.is_(None)
        )
    )


def announced(tx: Session, sessions: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Those of `sessions` with a claim that is not settled yet."""
    query = select(TransferClaim.session_id).where(
        TransferClaim.session_id.in_(sessions), TransferClaim.outcome.is_(None)
    )
    return frozenset(tx.scalars(query))


def read_reference(text: str) -> str | None:
    """A bank's reference as people type it; None for nothing. Raises `WrongUsage`."""
    reference = " ".join(text.split())
    if not reference:
        return None
    if len(reference) > LONGEST_REFERENCE or not _REFERENCE.fullmatch(reference):
        raise WrongUsage(
            mark(
                "“%(text)s” is not a bank reference: it has at most %(longest)s letters and digits."
            ),
            text=reference[:LONGEST_REFERENCE],
            longest=LONGEST_REFERENCE,
        )
    return reference


def _claimed(
    tx: Session,
    tariffs: TariffBook,
    session: ParkingSession,
    word: Leaving,
    reference: str | None,
) -> TransferClaim:
    """A new claim by the word, and at the time, of `word`. Raises `Conflict` when nothing is due."""
    due = standing(tx, tariffs, session, word.at).due
    if due == 0:
        raise Conflict(
            "Nothing is due for %(plate)s: there is nothing to pay.", plate=session.plate
        )
    row = TransferClaim(
        session_id=session.id,
        amount=due,
        bank_reference=reference,
        claimed_by=word.actor,
        claimed_at=word.at,
    )
    tx.add(row)
    tx.flush()
    _write_down(tx, word.actor, "session.claim", session, row, word.at)
    return row


def _settle(row: TransferClaim, outcome: str, actor: str, now: datetime) -> None:
    row.outcome, row.settled_by, row.settled_at = outcome, actor, now


def _write_down(
    tx: Session, actor: str, act: str, session: ParkingSession, row: TransferClaim, now: datetime
) -> None:
    detail: dict[str, object] = {"due": row.amount, "reference": row.bank_reference or "–"}
    audit.append(tx, actor, act, session.reference, detail, now)
