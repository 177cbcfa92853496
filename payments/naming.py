"""Which payment and which refund a notice is about, found in the books under the payment's lock."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from payments.codes import refund_numbers
from payments.db import table_of
from payments.models import MerchantAccount, Payment, Refund
from payments.provider import CASH
from payments.provider import Notice as Told


@dataclass(frozen=True, slots=True)
class Locked:
    """A payment under its row lock, as far as a notice needs it. No object of the session: loading
    and writing those took a fifth of a notice's time."""

    id: uuid.UUID
    code: str
    amount: int
    currency: str
    expires_at: datetime
    provider_ref: str | None
    book_day: date | None


_ROW = table_of(Payment).c
#: Built once: every notice asks it.
_BY_CODE = (
    select(*(_ROW[field.name] for field in fields(Locked)))
    .where(_ROW.code == bindparam("named"), _ROW.account_id == bindparam("account"))
    .with_for_update()
)
#: Cash taken into one till may go back from another one of the same operator.
_OF_A_TILL = (
    select(*(_ROW[field.name] for field in fields(Locked)))
    .join(table_of(MerchantAccount), table_of(MerchantAccount).c.id == _ROW.account_id)
    .where(
        _ROW.code == bindparam("named"),
        table_of(MerchantAccount).c.operator == bindparam("operator"),
        table_of(MerchantAccount).c.provider == CASH,
    )
    .with_for_update(of=table_of(Payment))
)


def named(tx: Session, account: MerchantAccount, told: Told) -> tuple[Locked | None, Refund | None]:
    """The payment and the refund a notice is about, the payment under its lock."""
    if told.candidates:
        return _only_candidate(tx, account, told.candidates)
    if told.order_code is None:
        return None, None
    payment = _payment_named(tx, account, told.order_code)
    return payment, _refund_named(tx, payment, told.refund_key)


def _only_candidate(
    tx: Session, account: MerchantAccount, codes: Sequence[str]
) -> tuple[Locked | None, Refund | None]:
    """The one payment or refund of this account whose code somebody typed; nothing when several
    are: two codes in one narrative are a question for a person."""
    of_payments = select(Payment.code).where(
        Payment.code.in_(codes), Payment.account_id == account.id
    )
    of_refunds = (
        select(Refund.key, Payment.code)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.number.in_(refund_numbers(codes)), Payment.account_id == account.id)
    )
    found: list[tuple[str, str | None]] = [(code, None) for code in tx.scalars(of_payments)]
    found += [(code, key) for key, code in tx.execute(of_refunds)]
    if len(found) != 1:
        return None, None
    code, key = found[0]
    payment = _payment_named(tx, account, code)
    return payment, _refund_named(tx, payment, key)


def _payment_named(tx: Session, account: MerchantAccount, code: str) -> Locked | None:
    query, where = _BY_CODE, {"named": code, "account": account.id}
    if account.provider == CASH:
        query, where = _OF_A_TILL, {"named": code, "operator": account.operator}
    row = tx.connection().execute(query, where).first()
    return Locked(*row) if row else None


def _refund_named(tx: Session, payment: Locked | None, key: str | None) -> Refund | None:
    if payment is None or key is None:
        return None
    return tx.scalar(
        select(Refund)
        .where(Refund.key == key, Refund.payment_id == payment.id)
        .execution_options(populate_existing=True)
    )
