"""Is a merchant account fit to collect? Its facts, and a question to its provider that harms nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from payments.accounts import Gateways
from payments.bounds import Bounds, check_bounds
from payments.codes import SPACE, code_for
from payments.merchants import checked_secret, checked_settings
from payments.models import MerchantAccount
from payments.provider import Order, Provider, Status

#: The last order number there is: nobody ever announced it.
NEVER = SPACE - 1


def check_facts(gateways: Gateways, account: MerchantAccount) -> Provider:
    """The provider of `account`, built: it is installed, works in this mode, has all its settings
    and readable secrets. Raises the `Complaint` that says what is not so."""
    rail = gateways.rail(account.provider)
    gateways.check_mode(account.mode)
    checked_settings(rail, account.settings)
    for parts in gateways.settings(account).secrets:
        checked_secret(rail, parts, account.settings)
    check_bounds(Bounds.of(account), rail.capabilities)
    return gateways.provider(account)


def ask_about_nothing(
    gateways: Gateways, account: MerchantAccount, notify_url: str, now: datetime
) -> Status:
    """What the provider says of an order that never existed. An answer at all, PENDING or UNKNOWN,
    means that the address, the credentials and the signatures of both sides were accepted.

    Raises what `check_facts` raises, `ProviderUnavailable` and `ProviderRefused`.
    """
    provider = check_facts(gateways, account)
    order = Order(
        code=code_for(NEVER),
        number=NEVER,
        amount=max(1, provider.capabilities.smallest),
        currency=account.currency,
        description="",
        created_at=now - timedelta(minutes=5),
        expires_at=now,
        return_url=notify_url,
        notify_url=notify_url,
        method=next(iter(provider.methods), ""),
    )
    return provider.fetch(order).status
