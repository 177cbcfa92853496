"""The ways to pay that a driver can choose between: which there are, and which fit this moment.

A lot offers the accounts chosen for it, in their order; without a choice every account of its
operator, oldest first. Only accounts of this installation's mode count, so nobody is ever offered
play money beside real money.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Lot, LotAccount
from payments import audit
from payments.accounts import Gateways, account_by_slug, live_accounts
from payments.bounds import Bounds
from payments.errors import Conflict
from payments.models import MerchantAccount, Payment
from payments.provider import CASH, Provider


class NotOffered(Conflict):
    """A way to pay that this lot does not offer for this amount at this time."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to pay: through `account`, by its provider's `method`; `label` is what people call it."""

    account: MerchantAccount
    method: str
    label: str

    @property
    def key(self) -> str:
        """What a form sends for it."""
        return f"{self.account.slug}:{self.method}"


def chosen_accounts(tx: Session, lot: Lot) -> Sequence[MerchantAccount]:
    """The accounts chosen for `lot`, in their order; empty when nobody chose."""
    return tx.scalars(
        select(MerchantAccount)
        .join(LotAccount, LotAccount.account_id == MerchantAccount.id)
        .where(LotAccount.lot_id == lot.id)
        .order_by(LotAccount.position, MerchantAccount.created_at, MerchantAccount.slug)
    ).all()


def accounts_of(tx: Session, lot: Lot) -> list[MerchantAccount]:
    """The accounts in use that `lot` offers, first one first. All of them are its operator's, and
    none is a till: cash is never offered."""
    code = lot.operator.code
    accounts = chosen_accounts(tx, lot) or live_accounts(tx, code)
    return [
        account
        for account in accounts
        if account.retired_at is None and account.operator == code and account.provider != CASH
    ]


def ways_at(
    tx: Session, gateways: Gateways, lot: Lot, amount: int, currency: str, now: datetime
) -> list[Way]:
    """The ways to pay `amount` (minor units of `currency`) at `lot` now, in the lot's order."""
    return fitting(gateways, accounts_of(tx, lot), amount, currency, now)


def ways_there(tx: Session, gateways: Gateways, lot: Lot) -> list[Way]:
    """Every way to pay at `lot`, whatever the amount and the hour."""
    return [way for account in accounts_of(tx, lot) for way in ways_of(gateways, account)]


def fitting(
    gateways: Gateways,
    accounts: Iterable[MerchantAccount],
    amount: int,
    currency: str,
    now: datetime,
) -> list[Way]:
    """Pure: the ways of `accounts` that take this amount at this time."""
    return [
        way
        for account in accounts
        if account.currency == currency and Bounds.of(account).hold(amount, now)
        for way in ways_of(gateways, account)
        if _bearable(gateways.registry[account.provider], amount, currency)
    ]


def ways_of(gateways: Gateways, account: MerchantAccount) -> list[Way]:
    """Pure: the ways of one account; none when its provider is not installed or its mode is not
    ours. The account's setting `methods` chooses among the provider's, and their order."""
    rail = gateways.registry.get(account.provider)
    if rail is None or account.mode != gateways.mode:
        return []
    methods = account.settings.get("methods") or list(rail.methods)
    return [Way(account, name, rail.methods[name]) for name in methods if name in rail.methods]


def _bearable(rail: type[Provider], amount: int, currency: str) -> bool:
    able = rail.capabilities
    return currency in able.currencies and able.smallest <= amount <= able.largest


def chosen_way(ways: Sequence[Way], key: str) -> Way:
    """The one of `ways` that a form names. Raises `NotOffered`, whatever else the form says."""
    if not ways:
        raise NotOffered(
            mark("This lot takes no online payments at the moment. Please pay the attendant.")
        )
    for way in ways:
        if way.key == key:
            return way
    raise NotOffered(
        mark("This way to pay is not offered for this amount at this time. Please choose again.")
    )


def label_of(gateways: Gateways, payment: Payment) -> str:
    """What people call the way a payment was begun by; the rail's short name once it is gone."""
    rail = gateways.registry.get(payment.account.provider)
    if rail is None:
        return payment.account.provider
    return rail.methods.get(payment.method, rail.label)


def choose(
    tx: Session, gateways: Gateways, lot: Lot, slugs: Sequence[str], actor: str, now: datetime
) -> None:
    """Offer these accounts at `lot`, in this order; none: every account of its operator.

    Raises `NotFound`, `WrongMode`, and `Conflict` for an account of another operator, whose money
    it would be.
    """
    accounts = [account_by_slug(tx, slug) for slug in dict.fromkeys(slugs)]
    for account in accounts:
        gateways.check_mode(account.mode)
        if account.operator != lot.operator.code:
            raise Conflict(
                mark("Account %(slug)s belongs to another operator than lot %(lot)s."),
                slug=account.slug,
                lot=lot.number,
            )
    before = [account.slug for account in chosen_accounts(tx, lot)]
    tx.execute(delete(LotAccount).where(LotAccount.lot_id == lot.id))
    for position, account in enumerate(accounts, start=1):
        tx.add(LotAccount(lot_id=lot.id, account_id=account.id, position=position))
    told: dict[str, object] = {"before": before, "after": [account.slug for account in accounts]}
    audit.append(tx, actor, "lot.accounts", f"lot:{lot.number}", told, now)
