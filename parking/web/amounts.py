"""Amounts as people type them."""

from __future__ import annotations

from parking.languages import mark
from payments.errors import WrongUsage

#: More digits than any amount of ours has.
MOST_DIGITS = 15


def typed_amount(text: str, currency: str = "VND") -> int | None:
    """A whole amount in the smallest unit of `currency`; None when nothing was typed. Thousands may
    be set apart as people write them: 5.000. Raises `WrongUsage`."""
    digits = text.strip().replace(".", "").replace(" ", "").replace("\u00a0", "")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise WrongUsage(
            mark("%(text)s is not a whole amount of %(currency)s in its smallest unit."),
            text=text[:40],
            currency=currency,
        )
    return int(digits)
