"""An amount means one thing or is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.statements.amounts import Format, minor_units, read_amount
from reconciliation.statements.doubts import Doubt


@pytest.mark.parametrize(
    ("text", "currency", "decimal", "amount"),
    [
        ("5000", "VND", "", 5_000),
        ("5,000", "VND", "", 5_000),
        ("5.000", "VND", "", 5_000),
        ("5 000", "VND", "", 5_000),
        ("5\u00a0000", "VND", "", 5_000),
        ("5'000", "VND", "", 5_000),
        ("1.234.567,00", "VND", "", 1_234_567),
        ("1,234,567.00", "VND", "", 1_234_567),
        ("5000,00", "VND", "", 5_000),
        ("5000,", "VND", "", 5_000),
        ("(35,000)", "VND", "", -35_000),
        ("-35.000", "VND", "", -35_000),
        ("−35.000", "VND", "", -35_000),
        ("35,000-", "VND", "", -35_000),
        ("+35,000", "VND", "", 35_000),
        ("35.000 VND", "VND", "", 35_000),
        ("35.000\u00a0₫", "VND", "", 35_000),
        ("VNĐ 35.000", "VND", "", 35_000),
        ("35.000đ", "VND", "", 35_000),
        ("0", "VND", "", 0),
        ("1.50", "USD", "", 150),
        ("1,50", "USD", "", 150),
        ("1,500", "USD", "", 150_000),
        ("1.234,5", "USD", "", 123_450),
        ("USD 12.00", "USD", ".", 1_200),
        ("1,500", "KWD", ".", 1_500_000),
        ("1,500", "KWD", ",", 1_500),
    ],
)
def test_amounts_as_banks_write_them(text: str, currency: str, decimal: str, amount: int) -> None:
    assert read_amount(text, Format(currency, decimal), 1) == amount


@pytest.mark.parametrize(
    ("text", "currency", "decimal"),
    [
        ("1,500", "KWD", ""),  # one and a half, or fifteen hundred
        ("5.000", "VND", "."),
        ("5,000", "VND", ","),
        ("5.50", "VND", ""),
        ("5.505", "USD", "."),
        ("1,23,456", "VND", ""),
        ("1,234.567", "VND", ""),
        ("1.234 567", "VND", ""),
        ("12 34", "VND", ""),
        ("35,000 USD", "VND", ""),
        ("35.000₫", "USD", ""),
        ("--5", "VND", ""),
        ("(-5)", "VND", ""),
        ("1e5", "VND", ""),
        ("٣٥", "VND", ""),
        ("", "VND", ""),
        ("1" * 16, "VND", ""),
        ("NaN", "VND", ""),
    ],
)
def test_what_could_mean_two_things_or_nothing_is_refused(
    text: str, currency: str, decimal: str
) -> None:
    with pytest.raises(Doubt):
        read_amount(text, Format(currency, decimal), 1)


@given(
    st.integers(-(10**14), 10**14),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("", "."), ("'", ".")]),
    st.sampled_from(["VND", "USD"]),
)
def test_every_amount_is_read_back_in_every_style(
    amount: int, signs: tuple[str, str], currency: str
) -> None:
    thousands, decimal = signs
    units, cents = divmod(abs(amount), 1 if currency == "VND" else 100)
    text = f"{units:,}".replace(",", thousands)
    text += f"{decimal}{cents:02}" if currency == "USD" else f"{decimal}00" * (amount % 2)
    for shown in (f"-{text}", f"({text})") if amount < 0 else (text,):
        assert read_amount(shown, Format(currency), 1) == amount
        assert read_amount(shown, Format(currency, decimal), 1) == amount


@pytest.mark.parametrize("value", ["0.5", "NaN", "Infinity", "1e16", "-1e300"])
def test_a_number_that_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(Doubt):
        minor_units(Decimal(value), Format("VND"), 1)
