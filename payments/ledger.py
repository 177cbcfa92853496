"""Double entry as transfers: debit account, credit account, amount > 0 — balanced by construction.

Chart of accounts per operator: ``clearing:<merchant account>``, ``bank``, ``cash:<attendant>``,
``collected``, ``suspense``, ``fees``, ``refunds``, ``adjustments``, ``over_short``, ``fx:<currency>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import Session

from payments.db import business_day, new_id
from payments.models import MerchantAccount, Movement, Refund, Transfer
from payments.provider import CASH, MovementKind


def clearing(account: MerchantAccount) -> str:
    """The account for money a provider holds for the operator, or an attendant in a till."""
    if account.provider == CASH:
        return f"cash:{account.settings['holder']}"
    return f"clearing:{account.slug}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a movement or a refund does to the books."""

    kind: str
    debit: str
    credit: str


def entry_for(kind: str, account: MerchantAccount, *, known: bool, asked: bool) -> Entry:
    """The one transfer a movement of `kind` causes; money that fits nothing we know (`known` is
    False) goes to suspense.

    A refund the provider made without being asked by us was never set aside, so it comes straight
    out of where its receipt went: what was collected, or suspense.
    """
    ours = "collected" if known else "suspense"
    holder = clearing(account)
    entries = {
        MovementKind.RECEIPT: Entry("receipt", holder, ours),
        MovementKind.REVERSAL: Entry("reversal", ours, holder),
        MovementKind.REFUND: Entry("refund_done", "refunds" if asked else ours, holder),
        MovementKind.FEE: Entry("fee", "fees", holder),
        MovementKind.PAYOUT: Entry("payout", "bank", holder),
        MovementKind.COUNT_OVER: Entry("count_over", holder, "over_short"),
        MovementKind.COUNT_SHORT: Entry("count_short", "over_short", holder),
    }
    return entries[MovementKind(kind)]


def transfer_of(account: MerchantAccount, movement: Mapping[str, Any]) -> dict[str, Any]:
    """The transfer of a movement, both as the columns of their rows."""
    entry = entry_for(
        movement["kind"],
        account,
        known=movement["payment_id"] is not None,
        asked=movement["refund_id"] is not None,
    )
    return {
        "id": new_id(),
        "operator": account.operator,
        "kind": entry.kind,
        "debit": entry.debit,
        "credit": entry.credit,
        "amount": movement["amount"],
        "currency": movement["currency"],
        "movement_id": movement["id"],
        "book_day": movement["book_day"],
        "recorded_at": movement["recorded_at"],
    }


#: What attaching a receipt in suspense to its payment does to the books.
ATTACHED = Entry("attached", "suspense", "collected")


def post_attached(tx: Session, movement: Movement, account: MerchantAccount, now: datetime) -> None:
    """Write `ATTACHED` for a movement, on the day it was attached: its own day's book is written."""
    tx.add(
        Transfer(
            operator=account.operator,
            kind=ATTACHED.kind,
            debit=ATTACHED.debit,
            credit=ATTACHED.credit,
            amount=movement.amount,
            currency=movement.currency,
            movement_id=movement.id,
            book_day=business_day(now),
            recorded_at=now,
        )
    )


#: Kinds of the transfers that people decide (`payments.adjusting`): made, and taken back.
ADJUSTED, ADJUSTMENT_UNDONE = "adjusted", "adjustment_undone"


#: What asking for a refund, its refusal, and a late "done" after a refusal do to the books.
REFUND_ENTRIES = {
    kind: Entry(kind, debit, credit)
    for kind, debit, credit in (
        ("refund_asked", "collected", "refunds"),
        ("refund_failed", "refunds", "collected"),
        ("refund_revived", "collected", "refunds"),
    )
}


def post_refund(tx: Session, refund: Refund, kind: str, now: datetime) -> None:
    """Write one of `REFUND_ENTRIES` for `refund`; each kind happens at most once per refund."""
    entry = REFUND_ENTRIES[kind]
    tx.add(
        Transfer(
            operator=refund.payment.account.operator,
            kind=entry.kind,
            debit=entry.debit,
            credit=entry.credit,
            amount=refund.amount,
            currency=refund.payment.currency,
            refund_id=refund.id,
            book_day=business_day(now),
            recorded_at=now,
        )
    )


def balances(tx: Session) -> Iterator[tuple[str, str, str, int]]:
    """(operator, account, currency, debit minus credit) of every account with a transfer."""
    sides = union_all(
        select(
            Transfer.operator, Transfer.debit.label("account"), Transfer.currency, Transfer.amount
        ),
        select(
            Transfer.operator, Transfer.credit, Transfer.currency, (literal(0) - Transfer.amount)
        ),
    ).subquery()
    operator, account, currency, amount = sides.c
    rows = tx.execute(
        select(operator, account, currency, sql.sum(amount))
        .group_by(operator, account, currency)
        .order_by(operator, account, currency)
    )
    for row in rows:
        yield row[0], row[1], row[2], int(row[3])
