"""A code that was misread or mistyped is refused; it never names another payment."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from payments.codes import (
    ALPHABET,
    LENGTH,
    PREFIX,
    REFUND_PREFIX,
    SPACE,
    InvalidCode,
    code_for,
    is_body,
    number_of,
    refund_code,
    refund_numbers,
)

numbers = st.integers(1, SPACE - 1)


@given(numbers)
@example(53_986_898)  # its nine symbols begin with PK
@settings(deadline=None)
def test_a_code_leads_back_to_its_number(number: int) -> None:
    code = code_for(number)
    assert number_of(code) == number
    assert number_of(f" {code.lower()} ") == number_of(code.removeprefix(PREFIX)) == number
    assert len(code) == len(PREFIX) + LENGTH + 1


@given(numbers)
@settings(deadline=None, max_examples=30)
def test_every_single_wrong_symbol_is_refused(number: int) -> None:
    code = code_for(number)
    for place in range(len(PREFIX), len(code)):
        for wrong in set(ALPHABET) - {code[place]}:
            with pytest.raises(InvalidCode):
                number_of(code[:place] + wrong + code[place + 1 :])


@given(numbers)
@settings(deadline=None)
def test_every_exchange_of_two_symbols_is_refused(number: int) -> None:
    code = code_for(number)
    places = range(len(PREFIX), len(code))
    for first in places:
        for second in places:
            swapped = list(code)
            swapped[first], swapped[second] = code[second], code[first]
            if swapped != list(code):
                with pytest.raises(InvalidCode):
                    number_of("".join(swapped))


def test_symbols_that_look_alike_never_both_occur() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 29
    for family in ("0O", "1IL", "5S", "UV"):
        assert len(set(family) & set(ALPHABET)) <= 1


@given(numbers.filter(lambda n: n < SPACE - 1))
@settings(deadline=None)
def test_neighbouring_orders_have_codes_that_differ_everywhere(number: int) -> None:
    one, other = code_for(number)[2:-1], code_for(number + 1)[2:-1]
    assert not any(a == b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("number", [0, -1, SPACE])
def test_a_number_out_of_range_has_no_code(number: int) -> None:
    with pytest.raises(InvalidCode, match=f"^Order number {number} is out of range"):
        code_for(number)


@pytest.mark.parametrize(
    "text",
    ["", "PK", "PK2222222222", "PK23", code_for(7) + "2", "PX" + code_for(7)[2:], "PK🅿️🅿️🅿️🅿️🅿️"],
)
def test_what_is_no_code_of_ours_is_refused(text: str) -> None:
    """`PK2222222222` has a right check symbol, but it is the code of order 0, which is never made."""
    with pytest.raises(InvalidCode) as refused:
        number_of(text)
    assert str(refused.value) == f"{text} is not a payment code of ours."


def test_codes_never_change() -> None:
    """They stand on bank statements for years."""
    known = {1: "PKKXR4N5YH4P", 674_543: "PKMVNTB37P84", SPACE - 1: "PKD48XBW3FYT"}
    assert {number: code_for(number) for number in known} == known


@given(numbers)
@settings(deadline=None)
def test_a_refund_has_a_code_of_its_own_kind(number: int) -> None:
    code = refund_code(number)
    assert code == REFUND_PREFIX + code_for(number).removeprefix(PREFIX)
    assert refund_numbers([code_for(number), code, code_for(number)]) == [number]
    assert is_body(code.removeprefix(REFUND_PREFIX))
    with pytest.raises(InvalidCode):
        number_of(code)
