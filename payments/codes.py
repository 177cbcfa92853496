"""Payment codes: what a driver's bank prints and a person may have to read aloud.

``PK``, nine symbols, one check symbol. The alphabet of 29 symbols has no look-alikes (0/O, 1/I/L,
5/S and U/V are gone) and 29 is prime, so a weighted sum with nine different weights catches every
single wrong symbol and every exchange of two. The order number is multiplied by a constant modulo
29⁹ first: neighbouring orders get codes that differ everywhere, and the way back is exact.
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


def code_for(number: int) -> str:
    """The payment code of order `number`, 1 <= number < 29⁹."""
    if not 0 < number < SPACE:
        raise InvalidCode("Order number %(number)s is out of range.", number=number)
    value, symbols = number * _FACTOR % SPACE, ""
    for _ in range(LENGTH):
        value, digit = divmod(value, len(ALPHABET))
        symbols = ALPHABET[digit] + symbols
    return f"{PREFIX}{symbols}{_check(symbols)}"


def number_of(code: str) -> int:
    """The order number behind `code`. Raises `InvalidCode`, never guesses."""
    text = code.strip().upper()
    # without its prefix a code may itself begin like one: only a whole code has one to lose
    body = text.removeprefix(PREFIX) if len(text) > LENGTH + 1 else text
    readable = len(body) == LENGTH + 1 and set(body) <= set(ALPHABET)
    number = _decode(body[:-1]) if readable and _check(body[:-1]) == body[-1] else 0
    if number == 0:
        raise InvalidCode("%(code)s is not a payment code of ours.", code=code)
    return number


def _decode(symbols: str) -> int:
    value = 0
    for symbol in symbols:
        value = value * len(ALPHABET) + ALPHABET.index(symbol)
    return value * _INVERSE % SPACE


def refund_code(number: int) -> str:
    """The code of refund `number`, as a bank prints it beside money that goes back."""
    return REFUND_PREFIX + code_for(number).removeprefix(PREFIX)


def refund_numbers(codes: Iterable[str]) -> list[int]:
    """The refund numbers behind those of `codes` that are refund codes."""
    return [
        number_of(PREFIX + code.removeprefix(REFUND_PREFIX))
        for code in codes
        if code.startswith(REFUND_PREFIX)
    ]
