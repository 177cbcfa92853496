"""Payout lists: refunds an operator pays by its own bank, because the rail cannot send money back.

A claim stands on one list at most. Which of them left the bank is told by the bank, in a transfer
whose narrative carries the refund code (`payments.service.record`).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments import audit
from payments.claims import Payee, opened
from payments.codes import refund_code
from payments.errors import Conflict
from payments.models import MerchantAccount, Payment, Refund
from payments.payback import PayoutList, RefundClaim
from payments.secrets import Vault

#: Begins the narrative of every transfer; banks carry capitals without diacritics unharmed.
PURPOSE = "HOAN TIEN"


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One transfer to make. `amount` in minor units; `purpose` has to reach the narrative whole."""

    payee: Payee
    amount: int
    purpose: str


def is_waiting() -> ColumnElement[bool]:
    """SQL: a claim joined with its refund that has to go onto the next list."""
    return and_(
        Refund.state == "asked",
        RefundClaim.payout_list_id.is_(None),
        RefundClaim.sealed.is_not(None),
    )


def waiting(account_id: uuid.UUID) -> Select[RefundClaim]:
    """The claims of one merchant account that stand on no list yet, oldest first."""
    return (
        select(RefundClaim)
        .join(Refund, Refund.id == RefundClaim.refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.account_id == account_id, is_waiting())
        .order_by(RefundClaim.given_at, RefundClaim.refund_id)
    )


def make_list(tx: Session, account_id: uuid.UUID, actor: str, now: datetime) -> PayoutList:
    """Put every waiting claim of the account on a new list. Raises `Conflict` when none waits."""
    # two people at once: the second finds nothing left, and numbers have no gaps
    account = tx.get_one(MerchantAccount, account_id, with_for_update={"key_share": True})
    query = waiting(account_id).with_for_update(of=RefundClaim)
    claims = tx.scalars(query.execution_options(populate_existing=True)).all()
    if not claims:
        raise Conflict("No refund of %(account)s waits for a payout list.", account=account.slug)
    of_account = PayoutList.account_id == account_id
    last = tx.scalar(select(sql.max(PayoutList.number)).where(of_account))
    made = PayoutList(
        account_id=account_id,
        number=(last or 0) + 1,
        made_at=now,
        made_by=actor,
        count=len(claims),
        total=sum(claim.refund.amount for claim in claims),
    )
    tx.add(made)
    tx.flush()
    for claim in claims:
        claim.payout_list_id = made.id
    detail: dict[str, object] = {"count": made.count, "total": made.total}
    audit.append(tx, actor, "payout_list.make", name_of(account, made), detail, now)
    return made


def name_of(account: MerchantAccount, made: PayoutList) -> str:
    """What a list is called in the trail and as a file: account and number."""
    return f"{account.slug}-payout-{made.number}"


def still_to_pay(tx: Session, vault: Vault, made: PayoutList) -> Sequence[PayoutRow]:
    """The transfers of a list that no bank confirmed yet; paying a list twice must be hard."""
    claims = tx.scalars(
        select(RefundClaim)
        .join(Refund, Refund.id == RefundClaim.refund_id)
        .where(RefundClaim.payout_list_id == made.id, Refund.state == "asked")
        .order_by(RefundClaim.given_at, RefundClaim.refund_id)
    )
    return [
        PayoutRow(payee, claim.refund.amount, purpose_of(claim.refund))
        for claim in claims
        if (payee := opened(vault, claim))
    ]


def purpose_of(refund: Refund) -> str:
    """The narrative of the transfer that pays `refund`; by its code the bank's word is understood."""
    return f"{PURPOSE} {refund_code(refund.number or 0)}"
