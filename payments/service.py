"""Where money becomes a fact: `record` what was said about a payment, and ask what is `paid`.

`record` is the only function that writes a payment's state, by the pure fold in `payments.state`.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, bindparam, select, update
from sqlalchemy import func as sql
from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from payments import audit, ledger, state
from payments.book_days import book_day
from payments.db import add_now, add_once, insert_once, new_id, table_of
from payments.facts import facts_of
from payments.models import (
    MerchantAccount,
    Movement,
    Notice,
    NoticeBody,
    Payment,
    Refund,
    Retelling,
    Transfer,
)
from payments.naming import Locked, named
from payments.payback import RefundClaim
from payments.provider import MovementFact, MovementKind, Outcome, Status
from payments.provider import Notice as Told
from payments.sharing import Reference, kept, refold_parts, shared_for


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a notice, and which payment it touched, if we know it."""

    outcome: Outcome
    payment_id: uuid.UUID | None


def paid_for(reference: Reference) -> ColumnElement[int]:
    """SQL: received − reversed − refunds asked or done, over every payment for `reference`, its
    share of those that settle several included (`payments.sharing`).

    Scalar subqueries, so that a list of a thousand sessions needs one query.
    """
    total = select(sql.coalesce(sql.sum(kept()), 0)).where(Payment.reference == reference)
    return total.scalar_subquery() + shared_for(reference)


def paid(tx: Session, reference: str) -> int:
    """How much was paid for `reference` and is still ours, in minor units."""
    return int(tx.scalar(select(paid_for(reference))) or 0)


def lock_payment(tx: Session, payment_id: uuid.UUID) -> Payment:
    """The payment under its row lock (SQLite writers already are alone)."""
    return tx.scalars(_locked(Payment.id == payment_id)).one()


def _locked(*named: ColumnElement[bool]) -> Select[Payment]:
    query = select(Payment).where(*named).with_for_update(of=Payment)
    return query.execution_options(populate_existing=True)


_UPDATE = update(table_of(Payment)).where(table_of(Payment).c.id == bindparam("which"))


def say(
    tx: Session, account: MerchantAccount, code: str, status: Status, now: datetime
) -> Recorded:
    """Record a fact of our own about the payment `code`: a time-out, an expiry, an accepted order.
    Said once per status."""
    told = Told(f"ours:{code}:{status}", code, status, now)
    return record(tx, account, told, now, source="ours")


@dataclass(frozen=True, slots=True)
class _Entry:
    """One notice on its way into the books."""

    account: MerchantAccount
    told: Told
    payment: Locked | None
    refund: Refund | None
    now: datetime

    @property
    def payment_id(self) -> uuid.UUID | None:
        return self.payment.id if self.payment else None

    @property
    def refund_id(self) -> uuid.UUID | None:
        return self.refund.id if self.refund else None


def record(
    tx: Session,
    account: MerchantAccount,
    told: Told,
    now: datetime,
    *,
    source: str,
    raw: bytes = b"",
) -> Recorded:
    """Store notice and movements, post the transfers and rewrite the stored fold, all in `tx`.

    The one door for facts about money. Repeating a fact changes nothing; facts may come in any
    order. A notice for a payment we do not know puts its money in suspense: it is never dropped and
    never an error that makes a provider retry for ever. A stale notice is stored without its money;
    the payment or refund it names is polled at once instead, and where it names none, there is
    nobody to ask and its money goes to suspense like any other.
    """
    payment, refund = named(tx, account, told)
    entry = _Entry(account, told, payment, refund, now)
    notice_id = _store(tx, entry, source, raw)
    if notice_id is None:
        return Recorded(Outcome.REPEATED, entry.payment_id)
    if told.stale and payment:
        _poll_soon(tx, entry.refund, payment, now)
        return Recorded(Outcome.DEFERRED, payment.id)
    for fact in told.movements:
        _book(tx, entry, fact, notice_id)
    if entry.refund:
        _refold_refund(tx, entry.refund, now)
    if payment is None:
        return Recorded(Outcome.UNKNOWN_PAYMENT, None)
    _refold(tx, payment, account, now, told.provider_ref)
    return Recorded(_outcome(payment, told), payment.id)


def _outcome(payment: Locked, told: Told) -> Outcome:
    receipts = [fact for fact in told.movements if fact.kind == MovementKind.RECEIPT]
    ordered = (payment.amount, payment.currency)
    as_ordered = all((fact.amount, fact.currency) == ordered for fact in receipts)
    return Outcome.APPLIED if as_ordered else Outcome.WRONG_AMOUNT


def _store(tx: Session, entry: _Entry, source: str, raw: bytes) -> uuid.UUID | None:
    """Insert the notice and its raw bytes; None when this notice was told before.

    A stale notice has a key of its own, so that the same event told again in time still counts. A
    notice about a refund we never asked for says nothing of the payment: only its money does.
    """
    told, salt = entry.told, secrets.token_bytes(16)
    about_payment = told.refund_key is None or entry.refund is not None
    notice = {
        "id": new_id(),
        "account_id": entry.account.id,
        "key": f"stale:{told.key}" if told.stale else told.key,
        "payment_id": entry.payment_id if about_payment else None,
        "refund_id": entry.refund_id,
        "order_code": told.order_code,
        "status": told.status.value,
        "source": source,
        "stale": told.stale,
        "event_at": told.event_at,
        "recorded_at": entry.now,
        "digest": audit.salted_digest(salt, raw),
    }
    if not add_once(tx, Notice, notice):
        return None
    if raw:
        add_now(tx, NoticeBody, {"notice_id": notice["id"], "salt": salt, "body": raw})
    return cast(uuid.UUID, notice["id"])


def _book(tx: Session, entry: _Entry, fact: MovementFact, notice_id: uuid.UUID) -> None:
    """Insert the movement unless some other notice already told of it, and post its transfer."""
    movement = {
        "id": new_id(),
        "account_id": entry.account.id,
        "kind": fact.kind.value,
        "rail_ref": fact.rail_ref,
        "occurrence": fact.occurrence,
        "amount": fact.amount,
        "currency": fact.currency,
        "payment_id": entry.payment_id,
        "refund_id": entry.refund_id,
        "notice_id": notice_id,
        "event_at": fact.event_at,
        "recorded_at": entry.now,
        "book_day": book_day(tx, entry.account.operator, fact.event_at, entry.now),
    }
    if add_once(tx, Movement, movement):
        add_now(tx, Transfer, ledger.transfer_of(entry.account, movement))
    else:
        _retell(tx, entry, Movement(**movement), notice_id)


def _retell(tx: Session, entry: _Entry, told: Movement, notice_id: uuid.UUID) -> None:
    """Remember who else told of a known movement. With two amounts, or for two payments, the first
    word stands, because it is in the books, and the second is written down for finance."""
    known = tx.scalars(
        select(Movement).where(
            Movement.account_id == told.account_id,
            Movement.kind == told.kind,
            Movement.rail_ref == told.rail_ref,
            Movement.occurrence == told.occurrence,
        )
    ).one()
    insert_once(tx, Retelling(movement_id=known.id, notice_id=notice_id))
    said, stands = _substance(told), _substance(known)
    if said != stands:
        subject = entry.told.order_code or entry.account.slug
        detail: dict[str, object] = {"rail_ref": told.rail_ref, "stands": stands, "said": said}
        audit.append(tx, "payments", "movement.contradict", subject, detail, entry.now)


def _substance(movement: Movement) -> dict[str, object]:
    payment = str(movement.payment_id) if movement.payment_id else None
    return {"amount": movement.amount, "currency": movement.currency, "payment": payment}


def _refold(
    tx: Session,
    payment: Locked | Payment,
    account: MerchantAccount,
    now: datetime,
    provider_ref: str | None = None,
) -> None:
    tx.flush()
    facts = facts_of(tx, payment.id)
    fold = facts.fold(payment)
    written: dict[str, Any] = {
        "provider_ref": payment.provider_ref or provider_ref,
        "state": fold.state,
        "flags": ",".join(fold.flags),
        "received": fold.received,
        "reversed": fold.reversed,
        "refunded": facts.refunded,
        "paid_at": fold.paid_at,
    }
    if fold.paid_at is not None:
        first_paid = payment.book_day or book_day(tx, account.operator, fold.paid_at, now)
        written["book_day"] = first_paid
    if fold.state in state.SETTLED:
        written["next_poll_at"] = None
    _write(tx, payment.id, written)


def _write(tx: Session, payment_id: uuid.UUID, written: Mapping[str, Any]) -> None:
    """Change the row, and the session's object of it where somebody holds one."""
    tx.connection().execute(_UPDATE, {"which": payment_id, **written})
    held = tx.identity_map.get(identity_key(Payment, payment_id))
    if held is not None:
        tx.refresh(held)


def _poll_soon(tx: Session, refund: Refund | None, payment: Locked, now: datetime) -> None:
    if refund is None:
        _write(tx, payment.id, {"next_poll_at": now})
    else:
        refund.next_poll_at = now


def _refold_refund(tx: Session, refund: Refund, now: datetime) -> None:
    """A refund is done once anybody saw it done; failed only when it was refused and never done."""
    tx.flush()
    told = set(
        tx.scalars(select(Notice.status).where(Notice.refund_id == refund.id, ~Notice.stale))
    )
    before = refund.state
    refund.state = "done" if Status.PAID in told else "failed" if Status.FAILED in told else "asked"
    if refund.state == before:
        return
    refund.settled_at, refund.next_poll_at = now, None
    tx.flush()
    refold_parts(tx, refund.payment_id)
    if refund.state == "done":
        _forget_claim(tx, refund, now)
    if refund.state == "failed":
        ledger.post_refund(tx, refund, "refund_failed", now)
    elif before == "failed":
        ledger.post_refund(tx, refund, "refund_revived", now)


def _forget_claim(tx: Session, refund: Refund, now: datetime) -> None:
    """The money has left: nobody needs to know any more where it went, beyond the hint."""
    tx.execute(
        update(RefundClaim)
        .where(RefundClaim.refund_id == refund.id)
        .values(sealed=None, deleted_at=now)
    )


def resettle(tx: Session, payment: Payment, now: datetime) -> None:
    """Rewrite the stored fold after a refund of `payment` was asked for, or a movement attached to
    it, in this transaction."""
    _refold(tx, payment, payment.account, now)
