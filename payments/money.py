"""Money is an integer number of minor units and an ISO 4217 code. No float ever touches it."""

from __future__ import annotations

from dataclasses import dataclass

from payments.errors import Complaint

#: Decimal places of the minor unit (ISO 4217, 2026). A currency that is not listed is refused:
#: guessing an exponent is how amounts end up wrong by a factor of one hundred.
EXPONENTS = {
    "VND": 0, "JPY": 0, "KRW": 0, "USD": 2, "EUR": 2, "GBP": 2, "SGD": 2, "THB": 2, "MYR": 2,
    "IDR": 2, "PHP": 2, "KHR": 2, "LAK": 2, "CNY": 2, "HKD": 2, "AUD": 2, "CHF": 2, "BHD": 3,
    "KWD": 3, "JOD": 3,
}  # fmt: skip

#: Largest amount one payment may carry, in minor units: fits every provider's and bank's field.
LARGEST = 999_999_999_999


class InvalidMoney(Complaint):
    """An amount or a currency that cannot be money."""


def exponent(currency: str) -> int:
    """Decimal places of `currency`'s minor unit. Raises `InvalidMoney` for an unknown code."""
    if currency not in EXPONENTS:
        raise InvalidMoney("%(currency)s is not a currency we know.", currency=currency)
    return EXPONENTS[currency]


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """`amount` minor units of `currency`; raises `InvalidMoney` unless 0 <= amount <= LARGEST."""

    amount: int
    currency: str = "VND"

    def __post_init__(self) -> None:
        exponent(self.currency)
        if type(self.amount) is not int or not 0 <= self.amount <= LARGEST:
            raise InvalidMoney(
                "%(amount)s is not an amount of money: it must be a whole number from 0 to %(largest)s.",
                amount=self.amount, largest=LARGEST,
            )  # fmt: skip


def format_amount(amount: int, currency: str = "VND", language: str = "vi") -> str:
    """`amount` in minor units as a person writes it: ``20.000 ₫`` (vi) or ``VND 20,000`` (en).

    The space is a no-break space, so that amount and currency never part at a line end.
    """
    places = exponent(currency)
    units, cents = divmod(abs(amount), 10**places)
    thousands, decimal = (".", ",") if language == "vi" else (",", ".")
    text = f"{units:,}".replace(",", thousands)
    if places:
        text += f"{decimal}{cents:0{places}d}"
    sign = "−" if amount < 0 else ""
    if language == "vi":
        return f"{sign}{text}\u00a0{'₫' if currency == 'VND' else currency}"
    return f"{currency}\u00a0{sign}{text}"
