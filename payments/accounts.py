"""Merchant accounts: find them, open them, and talk to the provider behind them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from payments.errors import NotFound
from payments.models import MerchantAccount
from payments.provider import AccountSettings, Clock, Http, Provider
from payments.secrets import Vault


@dataclass(frozen=True)
class Gateways:
    """Builds the provider of a merchant account from the registry it was handed."""

    registry: Mapping[str, type[Provider]]
    http: Http
    clock: Clock
    vault: Vault

    def provider(self, account: MerchantAccount) -> Provider:
        """The live provider behind `account`. Raises `NotFound` when no such rail is installed."""
        make = self.registry.get(account.provider)
        if make is None:
            raise NotFound("There is no payment provider %(name)s.", name=account.provider)
        return make(self.settings(account), self.http, self.clock)

    def settings(self, account: MerchantAccount) -> AccountSettings:
        """`account` as its provider sees it, secrets opened. Raises `SecretUnreadable`."""
        opened = tuple(self.vault.open_parts(sealed) for sealed in account.secrets)
        return AccountSettings(account.slug, account.mode, account.settings, opened)


def open_account(
    tx: Session,
    vault: Vault,
    *,
    slug: str,
    operator: str,
    provider: str,
    mode: str,
    settings: Mapping[str, object],
    secret: Mapping[str, str],
    now: datetime,
) -> MerchantAccount:
    """Register an operator's credentials; the secret is encrypted before it touches the database."""
    account = MerchantAccount(
        slug=slug,
        operator=operator,
        provider=provider,
        mode=mode,
        settings=dict(settings),
        secrets=[vault.seal_parts(secret)],
        created_at=now,
    )
    tx.add(account)
    tx.flush()
    return account


#: Built once: every notice asks it.
_LIVE_BY_SLUG = select(MerchantAccount).where(
    MerchantAccount.slug == bindparam("slug"), MerchantAccount.retired_at.is_(None)
)


def account_by_slug(tx: Session, slug: str) -> MerchantAccount:
    """The live account `slug`. Raises `NotFound`."""
    found = tx.scalar(_LIVE_BY_SLUG, {"slug": slug})
    if found is None:
        raise NotFound("There is no merchant account %(slug)s.", slug=slug)
    return found


def account_by_id(tx: Session, account_id: uuid.UUID) -> MerchantAccount:
    """The account with this id, retired ones included."""
    return tx.get_one(MerchantAccount, account_id)


def live_accounts(tx: Session, operator: str | None = None) -> Sequence[MerchantAccount]:
    """Accounts in use, of one operator or of all, oldest first."""
    query = select(MerchantAccount).where(MerchantAccount.retired_at.is_(None))
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return tx.scalars(query.order_by(MerchantAccount.created_at, MerchantAccount.slug)).all()
