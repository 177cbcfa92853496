"""Changes of merchant accounts: each one checked against the rail first, and written to the audit
trail with everything but the secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import audit
from payments.accounts import Gateways, account_by_slug, open_account
from payments.bounds import Bounds, check_bounds
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import MerchantAccount
from payments.money import exponent
from payments.payback import RefundClaim
from payments.provider import PartsBySettings, Provider
from payments.secrets import Vault

#: During a rotation the provider may still sign with the older secret; a third one helps nobody.
MOST_SECRETS = 2
LONGEST_SLUG = 40
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class InvalidAccount(WrongUsage):
    """What was given for a merchant account cannot work; the text names the part and what would."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is given to open an account. `settings` and `secret` hold what the provider class names;
    the optional setting `methods` restricts the ways to pay to these of the provider's."""

    slug: str
    operator: str
    provider: str
    mode: str
    settings: Mapping[str, object]
    secret: Mapping[str, str]
    currency: str = "VND"
    bounds: Bounds = field(default_factory=Bounds)


def add(
    tx: Session, gateways: Gateways, new: NewAccount, actor: str, now: datetime
) -> MerchantAccount:
    """Open an account whose provider could be built from it.

    Raises `InvalidAccount`, `NotFound` for a provider that is not installed, `WrongMode`, and
    `Conflict` for a name that was ever taken.
    """
    _check_slug(tx, new.slug)
    rail = gateways.rail(new.provider)
    _check_mode(gateways, new.mode)
    _check_currency(rail, new.currency)
    settings = checked_settings(rail, new.settings)
    account = open_account(
        tx,
        gateways.vault,
        slug=new.slug,
        operator=new.operator,
        provider=new.provider,
        mode=new.mode,
        settings=settings,
        secret=checked_secret(rail, new.secret, settings),
        currency=new.currency,
        now=now,
    )
    _bind(account, rail, new.bounds)
    gateways.provider(account)  # the rail's own checks of what it was given
    told = {"operator": new.operator, "provider": new.provider, "mode": new.mode}
    more = {"currency": new.currency, "settings": settings, "bounds": new.bounds.as_text()}
    _note(tx, account, "add", {**told, **more}, actor, now)
    return account


def rotate(
    tx: Session,
    gateways: Gateways,
    slug: str,
    secret: Mapping[str, str],
    actor: str,
    now: datetime,
) -> MerchantAccount:
    """Make `secret` the newest one; the former stays alive until `finish`.

    Raises `NotFound`, `InvalidAccount`, and `Conflict` when two are alive already or the secret is
    the one in use.
    """
    account = _locked(tx, slug)
    if len(account.secrets) >= MOST_SECRETS:
        raise Conflict(
            "Account %(slug)s has two live secrets: finish the rotation that was begun first.",
            slug=slug,
        )
    checked = checked_secret(gateways.rail(account.provider), secret, account.settings)
    if checked in (gateways.vault.open_parts(sealed) for sealed in account.secrets):
        raise Conflict("This is the secret that account %(slug)s uses already.", slug=slug)
    account.secrets = [gateways.vault.seal_parts(checked), *account.secrets]
    gateways.provider(account)
    _note(tx, account, "rotate", {"live": len(account.secrets)}, actor, now)
    return account


def finish(tx: Session, slug: str, actor: str, now: datetime) -> MerchantAccount:
    """Forget the older secret: the provider signs with the newer one only. Raises `NotFound`, and
    `Conflict` when there is only one."""
    account = _locked(tx, slug)
    if len(account.secrets) < MOST_SECRETS:
        raise Conflict(
            "Account %(slug)s has one live secret: there is no rotation to finish.", slug=slug
        )
    account.secrets = account.secrets[:1]
    _note(tx, account, "finish", {"live": 1}, actor, now)
    return account


def change_bounds(
    tx: Session, gateways: Gateways, slug: str, bounds: Bounds, actor: str, now: datetime
) -> MerchantAccount:
    """Offer `slug` within `bounds` only. Raises `NotFound`, `InvalidBounds`."""
    account = _locked(tx, slug)
    before = Bounds.of(account).as_text()
    _bind(account, gateways.rail(account.provider), bounds)
    _note(tx, account, "bounds", {"before": before, "after": bounds.as_text()}, actor, now)
    return account


def retire(tx: Session, slug: str, actor: str, now: datetime) -> MerchantAccount:
    """Collect no more through `slug`; its notices are still heard, because late money is money.
    Raises `NotFound`."""
    account = _locked(tx, slug)
    account.retired_at = now
    _note(tx, account, "retire", {}, actor, now)
    return account


def reseal(tx: Session, vault: Vault, actor: str, now: datetime) -> int:
    """Encrypt everything that is sealed anew under the newest key, retired accounts and payees of
    refunds included; how many. Raises `SecretUnreadable` when a former key is missing: then nothing
    is changed."""
    accounts = tx.scalars(select(MerchantAccount).order_by(MerchantAccount.slug).with_for_update())
    count = 0
    for account in accounts.all():
        account.secrets = [vault.renew(sealed) for sealed in account.secrets]
        count += len(account.secrets)
        _note(tx, account, "reseal", {"live": len(account.secrets)}, actor, now)
    claims = tx.scalars(select(RefundClaim).where(RefundClaim.sealed.is_not(None)))
    for claim in claims.all():
        claim.sealed = vault.renew(claim.sealed or "")
        count += 1
    return count


def checked_settings(rail: type[Provider], given: Mapping[str, object]) -> dict[str, object]:
    """`given` as it may be stored. Raises `InvalidAccount` for a missing one, a secret among them,
    or a way to pay that the rail does not know."""
    for name in rail.settings:
        if given.get(name) in (None, ""):
            raise InvalidAccount(
                "%(provider)s needs the setting %(name)s; it needs: %(names)s.",
                provider=rail.name,
                name=name,
                names=", ".join(rail.settings),
            )
    for name in rail.secret_fields:
        if name in given:
            raise InvalidAccount("%(name)s is a secret: never give it as a setting.", name=name)
    methods = given.get("methods")
    return {**given, "methods": _methods(rail, methods)} if methods else dict(given)


def _methods(rail: type[Provider], given: object) -> list[str]:
    """Ways to pay as a list, or as text with commas between them."""
    named = given.split(",") if isinstance(given, str) else given
    chosen = [str(name).strip() for name in named] if isinstance(named, list) else []
    for name in chosen or [str(given)]:
        if name not in rail.methods:
            raise InvalidAccount(
                "%(provider)s knows no way to pay %(name)s; it knows: %(names)s.",
                provider=rail.name,
                name=name,
                names=", ".join(known for known in rail.methods if known) or "-",
            )
    return chosen


def required_parts(rail: type[Provider], settings: Mapping[str, object]) -> tuple[str, ...]:
    """The parts of the secret that an account with these settings must have: all of the rail's,
    unless it says otherwise."""
    asked: object = rail  # the class itself is asked: there is no account yet
    return (
        asked.required_parts(settings) if isinstance(asked, PartsBySettings) else rail.secret_fields
    )


def checked_secret(
    rail: type[Provider], given: Mapping[str, str], settings: Mapping[str, object]
) -> dict[str, str]:
    """`given` without blanks around its parts and without those left empty. Raises `InvalidAccount`
    unless all that an account with these `settings` needs are there, and only parts the rail knows;
    never repeats a value."""
    parts = {name: part.strip() for name, part in given.items() if part.strip()}
    needed = required_parts(rail, settings)
    wrong = [name for name in needed if name not in parts]
    wrong += [name for name in given if name not in rail.secret_fields]
    if wrong:
        raise InvalidAccount(
            "The secret of %(provider)s has these parts: %(names)s; missing or not known: %(wrong)s.",
            provider=rail.name,
            names=", ".join(needed) or "-",
            wrong=", ".join(wrong),
        )
    return parts


def _check_slug(tx: Session, slug: str) -> None:
    if len(slug) > LONGEST_SLUG or not _SLUG.fullmatch(slug):
        raise InvalidAccount(
            "%(slug)s cannot name an account: use a–z, digits and single hyphens, at most %(most)s.",
            slug=slug,
            most=LONGEST_SLUG,
        )
    if tx.scalar(select(MerchantAccount.id).where(MerchantAccount.slug == slug)):
        raise Conflict(
            "There is an account %(slug)s already, in use or retired; choose another name.",
            slug=slug,
        )


def _check_mode(gateways: Gateways, mode: str) -> None:
    if mode not in ("test", "live"):
        raise InvalidAccount("The mode %(mode)s must be test or live.", mode=mode)
    gateways.check_mode(mode)


def _check_currency(rail: type[Provider], currency: str) -> None:
    exponent(currency)
    if currency not in rail.capabilities.currencies:
        raise InvalidAccount(
            "%(provider)s takes no %(currency)s; it takes: %(names)s.",
            provider=rail.name,
            currency=currency,
            names=", ".join(sorted(rail.capabilities.currencies)),
        )


def _bind(account: MerchantAccount, rail: type[Provider], bounds: Bounds) -> None:
    check_bounds(bounds, rail.capabilities)
    account.least, account.most = bounds.least, bounds.most
    account.opens, account.closes = bounds.opens, bounds.closes


def _locked(tx: Session, slug: str) -> MerchantAccount:
    """The account in use, held until the end of the transaction: of two rotations at once the
    second sees the first one's secret."""
    account = account_by_slug(tx, slug)
    tx.refresh(account, with_for_update=True)
    if account.retired_at is not None:
        raise NotFound("There is no merchant account %(slug)s.", slug=slug)
    return account


def _note(
    tx: Session,
    account: MerchantAccount,
    act: str,
    detail: Mapping[str, object],
    actor: str,
    now: datetime,
) -> None:
    audit.append(tx, actor, f"account.{act}", f"account:{account.slug}", dict(detail), now)
