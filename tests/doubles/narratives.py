"""How banks rewrite the words of a transfer before the payee sees them.

The patterns are those of the protocol facts, section 1.8, with names and numbers of our own. Every
damage keeps the letters and digits of the words in their order, so that a code stays findable after
upper-casing and deleting everything else; `cut` alone loses some, as a bank with a short field does.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

#: What a payment app lets through as purpose (section 1.8).
LONGEST_PURPOSE = 25


@dataclass(frozen=True)
class Words:
    """What a payer wrote and what the banks on the way know about the transfer."""

    text: str
    payer_name: str
    payer_account: str
    payee_name: str
    payee_account: str
    serial: int
    at: datetime


Damage = Callable[[Words], str]


def folded(text: str) -> str:
    """ASCII without diacritics, as the interbank network carries it (section 1.8)."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in plain if not unicodedata.combining(c) and c.isascii())


def clean(words: Words) -> str:
    return folded(words.text)


def between_accounts(words: Words, text: str, number: str = "") -> str:
    """The long form that names both accounts, with what stands in the middle."""
    return (
        f"MBVCB.{6_900_000_000 + words.serial}.{number}{text}.CT tu {words.payer_account} "
        f"{folded(words.payer_name).upper()} toi {words.payee_account} {folded(words.payee_name)}"
    )


def from_vietcombank(words: Words) -> str:
    return between_accounts(words, folded(words.text))


def with_number(words: Words) -> str:
    """A six-digit number between the reference and the words."""
    return between_accounts(words, folded(words.text), f"{520_000 + words.serial % 1000}.")


def spaced(words: Words) -> str:
    """A space inside the code, where a terminal line ended."""
    text = folded(words.text)
    middle = max(len(text) - 4, 1)
    return between_accounts(words, f"{text[:middle]} {text[middle:]}")


def glued(words: Words) -> str:
    """Text stuck together on both sides of the code."""
    text = folded(words.text).lower()
    return f"nd{text}CT tu {words.payer_account} toi{words.payee_account}"


def lowered(words: Words) -> str:
    return folded(words.text).lower()


def hyphen_lost(words: Words) -> str:
    return folded(words.text).replace("-", " ")


def stamped(words: Words) -> str:
    """`<digits>.<ddmmyy>.<hhmmss>.<text>`"""
    number = 957_000 + words.serial
    return f"{number}.{words.at:%d%m%y}.{words.at:%H%M%S}.{folded(words.text)}"


def numbered(words: Words) -> str:
    """`FT<14 digits> <text>`"""
    return f"FT{words.at:%y%j}{words.serial:09} {folded(words.text)}"


def from_momo(words: Words) -> str:
    return f"MOMO-CASHOUT-{words.payer_account}-{folded(words.text)}-{words.serial:011}"


def from_zalopay(words: Words) -> str:
    return f"ZP{words.at:%y%m%d}{words.serial:012} ZaloPay chuyen tien {folded(words.text)}"


def cut(words: Words) -> str:
    """Only as much as fits: a code at the end of long words is lost."""
    return folded(words.text)[:LONGEST_PURPOSE]


DAMAGES: dict[str, Damage] = {
    "clean": clean,
    "vietcombank": from_vietcombank,
    "numbered": with_number,
    "spaced": spaced,
    "glued": glued,
    "lowered": lowered,
    "hyphen": hyphen_lost,
    "stamped": stamped,
    "ft": numbered,
    "momo": from_momo,
    "zalopay": from_zalopay,
    "cut": cut,
}
