"""The form of a merchant account: its fields' names, and what was typed into them."""

from __future__ import annotations

from collections.abc import Mapping

from parking.languages import mark
from payments.bounds import Bounds
from payments.errors import WrongUsage
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
        _amount(form.get("least", ""), currency),
        _amount(form.get("most", ""), currency),
        form.get("opens", "").strip() or None,
        form.get("closes", "").strip() or None,
    )


def _amount(text: str, currency: str) -> int | None:
    """Thousands may be set apart as people write them: 5.000."""
    digits = text.strip().replace(".", "").replace(" ", "").replace("\u00a0", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise WrongUsage(
            mark("%(text)s is not a whole amount of %(currency)s in its smallest unit."),
            text=text,
            currency=currency,
        )
    return int(digits)


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
