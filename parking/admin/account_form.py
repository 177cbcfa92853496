"""The form of a merchant account: its fields' names, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping

from parking.web.amounts import typed_amount
from payments.bounds import Bounds
from payments.merchants import NewAccount
from payments.models import MerchantAccount

#: Before the names of settings and of the parts of a secret.
SETTING, SECRET = "setting-", "secret-"


def parts(form: Mapping[str, str], prefix: str) -> dict[str, str]:
    """The fields that begin with `prefix`, without it; empty ones are left out."""
    return {
        name.removeprefix(prefix): value.strip()
        for name, value in form.items()
        if name.startswith(prefix) and value.strip()
    }


def bounds(form: Mapping[str, str], currency: str) -> Bounds:
    """The bounds that were typed, amounts in whole minor units. Raises `WrongUsage`."""
    return Bounds(
        typed_amount(form.get("least", ""), currency),
        typed_amount(form.get("most", ""), currency),
        form.get("opens", "").strip() or None,
        form.get("closes", "").strip() or None,
    )


def shown(account: MerchantAccount) -> dict[str, str]:
    """The bounds of `account` as they stand in the form."""
    names = ("least", "most", "opens", "closes")
    return {name: str(getattr(account, name) or "") for name in names}


def filled_in(form: Mapping[str, str], mode: str) -> NewAccount:
    """The account that was typed; `mode` is the one that works here. Raises `WrongUsage`."""
    currency = form.get("currency", "").strip().upper() or "VND"
    return NewAccount(
        slug=form.get("slug", "").strip(),
        operator=form.get("operator", ""),
        provider=form.get("provider", ""),
        mode=mode,
        settings=parts(form, SETTING),
        secret=parts(form, SECRET),
        currency=currency,
        bounds=bounds(form, currency),
    )
