"""Money is whole minor units of a currency we know."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.money import EXPONENTS, LARGEST, InvalidMoney, Money, exponent, format_amount

NBSP = "\u00a0"


@given(st.integers(0, LARGEST), st.sampled_from(sorted(EXPONENTS)))
@settings(deadline=None)
def test_every_whole_amount_of_a_known_currency_is_money(amount: int, currency: str) -> None:
    assert Money(amount, currency).amount == amount


@pytest.mark.parametrize("amount", [-1, LARGEST + 1, 1.0, True, "5", None])
def test_what_is_not_a_whole_amount_is_refused(amount: Any) -> None:
    with pytest.raises(InvalidMoney) as refused:
        Money(amount)
    assert str(refused.value) == (
        f"{amount} is not an amount of money: it must be a whole number from 0 to 999999999999."
    )


@pytest.mark.parametrize("currency", ["", "vnd", "XXX", "₫"])
def test_an_unknown_currency_is_refused_by_name(currency: str) -> None:
    with pytest.raises(InvalidMoney, match=f"^{currency} is not a currency we know"):
        Money(1, currency)


def test_every_currency_has_the_decimal_places_of_iso_4217() -> None:
    none, three = {"VND", "JPY", "KRW"}, {"BHD", "KWD", "JOD"}
    two = {"USD", "EUR", "GBP", "SGD", "THB", "MYR", "IDR", "PHP", "KHR", "LAK", "CNY", "HKD",
           "AUD", "CHF"}  # fmt: skip
    found = {currency: exponent(currency) for currency in EXPONENTS}
    assert found == dict.fromkeys(none, 0) | dict.fromkeys(two, 2) | dict.fromkeys(three, 3)


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        (20_000, "VND", "vi", f"20.000{NBSP}₫"),
        (20_000, "VND", "en", f"VND{NBSP}20,000"),
        (0, "VND", "vi", f"0{NBSP}₫"),
        (-5_000, "VND", "vi", f"−5.000{NBSP}₫"),
        (-5_000, "VND", "en", f"VND{NBSP}−5,000"),
        (123_456, "USD", "vi", f"1.234,56{NBSP}USD"),
        (123_456, "USD", "en", f"USD{NBSP}1,234.56"),
        (5, "USD", "en", f"USD{NBSP}0.05"),
        (6_800_000_000, "VND", "vi", f"6.800.000.000{NBSP}₫"),
    ],
)
def test_amounts_are_written_as_people_write_them(
    amount: int, currency: str, language: str, text: str
) -> None:
    assert format_amount(amount, currency, language) == text


def test_an_amount_is_dong_in_vietnamese_unless_said_otherwise() -> None:
    assert format_amount(1_500) == f"1.500{NBSP}₫"


@given(
    st.integers(-LARGEST, LARGEST),
    st.sampled_from(sorted(EXPONENTS)),
    st.sampled_from(("vi", "en")),
)
@settings(deadline=None)
def test_no_digit_is_lost_in_writing(amount: int, currency: str, language: str) -> None:
    text = format_amount(amount, currency, language)
    digits = int("".join(symbol for symbol in text if symbol.isdigit()))
    assert digits == abs(amount)
    assert ("−" in text) == (amount < 0)
    assert " " not in text
