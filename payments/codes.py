"""Payment codes: what a driver's bank prints and a person may have to read aloud.

A prefix, nine symbols, one check symbol. ``PK`` is the prefix of payments; codes of another kind have
another prefix of two letters and differ in nothing else. The alphabet of 29 symbols has no
look-alikes (0/O, 1/I/L, 5/S and U/V are gone) and 29 is prime, so a weighted sum with nine different
weights catches every single wrong symbol and every exchange of two. The order number is multiplied by
a constant modulo 29⁹ first: neighbouring orders get codes that differ everywhere, and the way back is
exact.
"""

from __future__ import annotations

from collections.abc import Iterable

from payments.errors import Complaint

ALPHABET = "23456789ABCDEFGHJKMNPQRTVWXYZ"
PREFIX = "PK"
REFUND_PREFIX = "RK"
LENGTH = 9
SPACE: int = len(ALPHABET) ** LENGTH
#: Coprime to 29, near the golden section of SPACE: consecutive numbers land far apart.
_FACTOR = 8_965_826_474_381
_INVERSE: int = pow(_FACTOR, -1, SPACE)


class InvalidCode(Complaint):
    """A text that is not one of our payment codes."""


def _check(symbols: str) -> str:
    total = sum(weight * ALPHABET.index(symbol) for weight, symbol in enumerate(symbols, start=2))
    return ALPHABET[total % len(ALPHABET)]


def code_for(number: int, prefix: str = PREFIX) -> str:
    """The code of order `number`, 1 <= number < 29⁹, after `prefix`. Raises `InvalidCode`."""
    if not 0 < number < SPACE:
        raise InvalidCode("Order number %(number)s is out of range.", number=number)
    value, symbols = number * _FACTOR % SPACE, ""
    for _ in range(LENGTH):
        value, digit = divmod(value, len(ALPHABET))
        symbols = ALPHABET[digit] + symbols
    return f"{prefix}{symbols}{_check(symbols)}"


def number_of(code: str, prefix: str = PREFIX) -> int:
    """The order number behind `code`, with or without `prefix`. Raises `InvalidCode`, never guesses."""
    text = code.strip().upper()
    # without its prefix a code may itself begin like one: only a whole code has one to lose
    body = text.removeprefix(prefix) if len(text) > LENGTH + 1 else text
    number = _number(body)
    if number == 0:
        raise InvalidCode("%(code)s is not a payment code of ours.", code=code)
    return number


def is_body(symbols: str) -> bool:
    """Whether `symbols`, a code without its prefix and in upper case, carry the right check symbol."""
    return _number(symbols) != 0


def _number(body: str) -> int:
    """The order number behind a code without its prefix; 0, which no order has, when there is none."""
    readable = len(body) == LENGTH + 1 and set(body) <= set(ALPHABET)
    return _decode(body[:-1]) if readable and _check(body[:-1]) == body[-1] else 0


def _decode(symbols: str) -> int:
    value = 0
    for symbol in symbols:
        value = value * len(ALPHABET) + ALPHABET.index(symbol)
    return value * _INVERSE % SPACE


def refund_code(number: int) -> str:
    """The code of refund `number`, as a bank prints it beside money that goes back."""
    return code_for(number, REFUND_PREFIX)


def refund_numbers(codes: Iterable[str]) -> list[int]:
    """The refund numbers behind those of `codes` that are refund codes."""
    return [number_of(code, REFUND_PREFIX) for code in codes if code.startswith(REFUND_PREFIX)]
