"""Merchant accounts: find them and talk to the provider behind them (`payments.merchants` changes them)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from payments.errors import Conflict, NotFound
from payments.models import MerchantAccount
from payments.provider import AccountSettings, Clock, Http, Provider
from payments.secrets import Vault


class WrongMode(Conflict):
    """A live account outside of production, or a test account in it."""


@dataclass(frozen=True)
class Gateways:
    """Builds the provider of a merchant account from the registry it was handed. `mode` is the only
    one that works here: ``live`` in production, else ``test``."""

    registry: Mapping[str, type[Provider]]
    http: Http
    clock: Clock
    vault: Vault
    mode: str = "test"

    def provider(self, account: MerchantAccount) -> Provider:
        """The provider behind `account`. Raises `NotFound` when no such rail is installed and
        `WrongMode`."""
        self.check_mode(account.mode)
        return self.rail(account.provider)(self.settings(account), self.http, self.clock)

    def rail(self, name: str) -> type[Provider]:
        """The installed provider class `name`. Raises `NotFound` naming those there are."""
        found = self.registry.get(name)
        if found is None:
            raise NotFound(
                "There is no payment provider %(name)s here; installed are: %(known)s.",
                name=name,
                known=", ".join(sorted(self.registry)) or "-",
            )
        return found

    def check_mode(self, mode: str) -> None:
        """Raises `WrongMode` unless accounts of `mode` work here: play money never counts as money,
        and no desk moves real money."""
        if mode == self.mode:
            return
        if mode == "live":
            raise WrongMode("Live accounts work in production only; here only test accounts do.")
        raise WrongMode("Test accounts never work in production; here only live accounts do.")

    def sends_back(self, account: MerchantAccount) -> bool:
        """Whether the rail of `account` can be asked for a refund; False when it is not installed."""
        rail = self.registry.get(account.provider)
        return rail is not None and rail.capabilities.refunds

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
    currency: str = "VND",
) -> MerchantAccount:
    """Write an operator's credentials down; the secret is encrypted before it touches the database.
    What people give is checked first, by `payments.merchants.add`."""
    account = MerchantAccount(
        slug=slug,
        operator=operator,
        provider=provider,
        mode=mode,
        currency=currency,
        settings=dict(settings),
        secrets=[vault.seal_parts(secret)],
        created_at=now,
    )
    tx.add(account)
    tx.flush()
    return account


#: Built once: every notice asks it.
_BY_SLUG = select(MerchantAccount).where(MerchantAccount.slug == bindparam("slug"))


def account_by_slug(tx: Session, slug: str) -> MerchantAccount:
    """The account `slug` that is in use. Raises `NotFound`."""
    found = known_account(tx, slug)
    if found.retired_at is not None:
        raise NotFound("There is no merchant account %(slug)s.", slug=slug)
    return found


def known_account(tx: Session, slug: str) -> MerchantAccount:
    """The account `slug`, retired or not: late money reaches a retired one too. Raises `NotFound`."""
    found = tx.scalar(_BY_SLUG, {"slug": slug})
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


def every_account(tx: Session) -> Sequence[MerchantAccount]:
    """All accounts, those in use first, each kind by name."""
    retired = MerchantAccount.retired_at.is_not(None)
    return tx.scalars(select(MerchantAccount).order_by(retired, MerchantAccount.slug)).all()
