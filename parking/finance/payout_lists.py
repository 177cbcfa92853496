"""Payout lists as finance sees them: what waits to be listed, what was listed, and the file."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.errors import NotFound
from payments.models import MerchantAccount, Payment, Refund
from payments.payback import PayoutList, RefundClaim
from payments.payouts import PayoutRow, is_waiting, name_of
from reconciliation.reports.csv_file import csv_bytes

#: Older lists are found by the refunds on them.
MOST_LISTS = 20
COLUMNS = ("bank_bin", "bank", "account", "holder", "amount", "purpose")


@dataclass(frozen=True, slots=True)
class ToList:
    """Claims of one merchant account that stand on no list: how many, and their sum."""

    account: MerchantAccount
    count: int
    total: int


@dataclass(frozen=True, slots=True)
class ListRow:
    """A list made, and how many of its transfers no bank has confirmed yet."""

    made: PayoutList
    account: MerchantAccount
    unconfirmed: int

    @property
    def name(self) -> str:
        return name_of(self.account, self.made)


def to_list(tx: Session, operator: str | None) -> Sequence[ToList]:
    """What waits for a payout list, by merchant account."""
    query = (
        select(MerchantAccount, sql.count(), sql.sum(Refund.amount))
        .join(Payment, Payment.account_id == MerchantAccount.id)
        .join(Refund, Refund.payment_id == Payment.id)
        .join(RefundClaim, RefundClaim.refund_id == Refund.id)
        .where(is_waiting())
        .group_by(MerchantAccount.id)
        .order_by(MerchantAccount.slug)
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return [ToList(account, count, int(total)) for account, count, total in tx.execute(query)]


def lists_of(tx: Session, operator: str | None) -> Sequence[ListRow]:
    """The newest lists, each with what is still to be confirmed."""
    unconfirmed = (
        select(sql.count())
        .select_from(RefundClaim)
        .join(Refund, Refund.id == RefundClaim.refund_id)
        .where(RefundClaim.payout_list_id == PayoutList.id, Refund.state == "asked")
    )
    query = _lists(operator).add_columns(unconfirmed.scalar_subquery())
    newest = query.order_by(PayoutList.made_at.desc(), PayoutList.id.desc()).limit(MOST_LISTS)
    return [ListRow(*row) for row in tx.execute(newest)]


def _lists(operator: str | None) -> Select[PayoutList, MerchantAccount]:
    query = select(PayoutList, MerchantAccount).join(
        MerchantAccount, MerchantAccount.id == PayoutList.account_id
    )
    return query if operator is None else query.where(MerchantAccount.operator == operator)


def own_account(tx: Session, account_id: uuid.UUID, operator: str | None) -> MerchantAccount:
    """The merchant account, if it is this operator's. Raises `NotFound`."""
    account = tx.get(MerchantAccount, account_id)
    if account is None or operator not in (None, account.operator):
        raise NotFound("There is no such merchant account.")
    return account


def own_list(
    tx: Session, list_id: uuid.UUID, operator: str | None
) -> tuple[PayoutList, MerchantAccount]:
    """The list with its account, if it is this operator's. Raises `NotFound`."""
    found = tx.execute(_lists(operator).where(PayoutList.id == list_id)).one_or_none()
    if found is None:
        raise NotFound("There is no such payout list.")
    return found[0], found[1]


def as_csv(rows: Sequence[PayoutRow]) -> bytes:
    """The transfers to make, one a row. A spreadsheet must read BIN and account as text, or leading
    zeros are lost."""
    cells = [
        (
            row.payee.bank,
            row.payee.bank_name,
            row.payee.account,
            row.payee.holder,
            row.amount,
            row.purpose,
        )
        for row in rows
    ]
    return csv_bytes([COLUMNS, *cells])
