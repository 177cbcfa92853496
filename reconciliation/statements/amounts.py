"""Amounts as banks write them, exactly, in minor units; what could mean two things is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from payments.money import exponent
from reconciliation.statements.doubts import Doubt

#: Digits of the longest amount a bank field holds (MT940 field 61: 15d).
LONGEST = 15
#: What sets thousands apart, besides the sign that is not the decimal separator.
_SPACED = " '"
_SPACES = str.maketrans("\u00a0\u2009\u202f−", "   -")
_DONG = ("VNĐ", "₫", "đ", "Đ")


@dataclass(frozen=True, slots=True)
class Format:
    """How a file prints amounts: their currency, its decimal separator (empty: read off each amount),
    and by how many decimal places they are too large."""

    currency: str
    decimal: str = ""
    shift: int = 0


def minor_units(value: Decimal, form: Format, line: int) -> int:
    """`value` as an integer of minor units; `Doubt` when it has finer parts."""
    scaled = value.scaleb(exponent(form.currency) - form.shift)
    if scaled != scaled.to_integral_value() or abs(scaled) >= 10**LONGEST:
        raise Doubt(
            "%(amount)s is not an amount of %(currency)s",
            line=line, amount=value, currency=form.currency,
        )  # fmt: skip
    return int(scaled)


def read_amount(text: str, form: Format, line: int) -> int:
    """The signed minor units that `text` says.

    Without a decimal separator in `form` it is read off the text, which works because no amount has
    three decimals where the currency has two or none. A minus before or after and parentheses are
    negative; the currency may stand on either side. Raises `Doubt` for anything else.
    """
    found = _known(text, form)
    if found is not None:
        return found
    value = _value(text, form)
    if value is None:
        raise Doubt(
            "%(text)s cannot be read as one amount of %(currency)s",
            line=line, text=text, currency=form.currency,
        )  # fmt: skip
    return minor_units(value, form, line)


# prices repeat: a day of a city has a few hundred different amounts
@lru_cache(maxsize=4096)
def _known(text: str, form: Format) -> int | None:
    """The signed minor units in `text`; None when there is something wrong with it."""
    value = _value(text, form)
    try:
        return None if value is None else minor_units(value, form, 1)
    except Doubt:
        return None


def _value(text: str, form: Format) -> Decimal | None:
    """The signed figure in `text`; None when there is none, or more than one."""
    body, negative = _unsigned(text.translate(_SPACES).strip(), form.currency)
    places = max(2, exponent(form.currency))
    readings = {
        value
        for separator in (form.decimal or ".,")
        if (value := _reading(body, separator, places)) is not None
    }
    if len(readings) != 1:
        return None
    value = readings.pop()
    return -value if negative else value


def _unsigned(text: str, currency: str) -> tuple[str, bool]:
    """The digits of an amount and whether it is negative."""
    for name in (currency, *(_DONG if currency == "VND" else ())):
        text = text.removeprefix(name).removesuffix(name).strip()
    if text.startswith("(") and text.endswith(")"):
        return text[1:-1].strip(), True
    if text.startswith("-") or text.endswith("-"):
        return (text[1:] if text.startswith("-") else text[:-1]).strip(), True
    return text.removeprefix("+").strip(), False


def _reading(body: str, decimal: str, places: int) -> Decimal | None:
    """What `body` says when `decimal` is its decimal separator, or None."""
    other = "." if decimal == "," else ","
    thousands = rf"\d+|\d{{1,3}}([{other}{_SPACED}])\d{{3}}(?:\2\d{{3}})*"
    shape = rf"({thousands})(?:{re.escape(decimal)}(\d{{0,{places}}}))?"
    found = re.fullmatch(shape, body, re.ASCII)
    if found is None:
        return None
    whole = re.sub(r"\D", "", found[1])
    if len(whole) > LONGEST:
        return None
    # as it was written: a reader who is told of a wrong amount looks for it in the file
    return Decimal(f"{whole}.{found[3]}" if found[3] else whole)
