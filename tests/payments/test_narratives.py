"""An intact code is found whatever a bank did to the text around it; a damaged one is nobody's."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.codes import ALPHABET, PREFIX, SPACE, code_for, number_of
from payments.narratives import codes_in, plain

REFUND = "HT"
CODE, OTHER = code_for(674_543), code_for(674_544)

numbers = st.integers(1, SPACE - 1)
#: What may stand before and after: no letter that could begin another code.
surroundings = st.text("0123456789 ACTUCHUYENTIENDEN.-/:_\r\nạẶđĐ", max_size=60)
separators = st.text(" .-_/\t\r\n\u00a0\u200b·", max_size=3)


def scattered(code: str, gaps: list[str]) -> str:
    """`code` with one gap after each symbol."""
    return "".join(symbol + gap for symbol, gap in zip(code, gaps, strict=True))


@given(numbers, surroundings, surroundings, st.lists(separators, min_size=12, max_size=12))
@settings(deadline=None)
def test_a_code_is_found_between_any_separators(
    number: int, before: str, after: str, gaps: list[str]
) -> None:
    code = code_for(number)
    assert code in codes_in(before + scattered(code, gaps) + after)
    assert code in codes_in((before + scattered(code.lower(), gaps) + after).title())


@given(numbers, st.integers(8, 40), surroundings, surroundings)
@settings(deadline=None)
def test_a_code_is_found_where_the_lines_were_wrapped(
    number: int, width: int, before: str, after: str
) -> None:
    text = before + code_for(number) + after
    wrapped = "\r\n".join(text[start : start + width] for start in range(0, len(text), width))
    assert code_for(number) in codes_in(wrapped)


@pytest.mark.parametrize(
    "narrative",
    [
        "MBVCB.6900000001.{code}.CT tu 0010000000001 NGUYEN VAN A toi 0011009999999 BAI XE",
        "MBVCB.6900000002.520369.{code}.CT tu 0010000000002 TRAN VAN B toi 0011009999999",
        "957940.150126.172846.{code}",
        "nd{code}CT tu 0010000000005 toi0011009999999",
        "FT26015000000001 {code}",
        "MOMO-CASHIN-0900000000-{code}-12345678901",
        "ZALOPAY {code} 260115000000001 GD CHUYEN TIEN",
        "Chuyển tiền gửi xe {code} cảm ơn",
        "ＰＡＹ　{code}　",
    ],
)
def test_the_shapes_banks_give_a_text_hide_no_code(narrative: str) -> None:
    wrapped = CODE[:6] + " " + CODE[6:]
    hyphened = CODE[:2] + "-" + CODE[2:]
    wide = "".join(chr(ord(symbol) + 0xFEE0) for symbol in CODE)
    for code in (CODE, CODE.lower(), wrapped, hyphened, wide, CODE.replace("D", "Đ")):
        assert codes_in(narrative.format(code=code)) == (CODE,)


@given(numbers, numbers)
@settings(deadline=None)
def test_codes_stand_in_their_order_and_each_once(one: int, other: int) -> None:
    first, second = code_for(one), code_for(other)
    found = [c for c in codes_in(first + second + first.lower()) if c in {first, second}]
    assert found == list(dict.fromkeys([first, second]))


def test_overlapping_readings_are_all_told() -> None:
    """This code begins with PK twice, and two more symbols complete a second reading."""
    outer = code_for(53_986_898)
    inners = [outer[2:] + "2" + last for last in ALPHABET if codes_in(outer[2:] + "2" + last)]
    assert outer[2:4] == PREFIX
    assert len(inners) == 1
    assert codes_in(outer + inners[0][-2:]) == (outer, inners[0])


@given(numbers, st.integers(2, 11), st.sampled_from(ALPHABET))
@settings(deadline=None)
def test_a_code_with_a_wrong_symbol_is_not_mended(number: int, place: int, wrong: str) -> None:
    code = code_for(number)
    if code[place] != wrong:
        assert codes_in(f"BAI XE {code[:place]}{wrong}{code[place + 1 :]} 0001") == ()


@pytest.mark.parametrize("wrong", ["0", "O", "1", "I", "L", "5", "S", "U", "К", "٣"])
def test_a_symbol_no_code_has_ends_the_reading(wrong: str) -> None:
    """The last two are Cyrillic and Arabic: letters and digits, so not something to be deleted."""
    assert codes_in(f"{CODE[:7]}{wrong}{CODE[7:]}") == ()


def test_a_code_of_another_prefix_is_another_thing() -> None:
    refund = code_for(674_543, REFUND)
    assert refund == REFUND + CODE.removeprefix(PREFIX)
    assert codes_in(f"hoan tien {refund} cho {CODE}", REFUND) == (refund,)
    assert codes_in(f"hoan tien {refund} cho {CODE}") == (CODE,)
    assert number_of(refund, REFUND) == number_of(CODE) == 674_543


@given(st.text(max_size=200))
@settings(deadline=None)
def test_any_text_can_be_searched_and_what_is_found_is_a_code(narrative: str) -> None:
    assert all(code_for(number_of(code)) == code for code in codes_in(narrative))


def test_plain_letters_are_those_a_bank_keeps() -> None:
    assert plain("Đường Trần Hưng Đạo, số 5 ①") == "Duong Tran Hung Dao, so 5 1"


class Bank:
    """Writes narratives as banks do, from random registered codes, numbers, dates and names."""

    NAMES = ("NGUYEN VAN A", "TRAN THI PHUONG", "PHAM KHANH", "LE PK", "ĐỖ VĂN Đ")
    DAMAGES: tuple[Callable[[Random, str], str], ...] = (
        lambda chance, code: exchanged(code, chance.randrange(2, 11)),
        lambda chance, code: replaced(code, chance.randrange(2, 12), chance.choice(ALPHABET)),
        lambda chance, code: code[: (place := chance.randrange(2, 12))] + code[place + 1 :],
        lambda chance, code: code[: chance.randrange(3, 12)],
    )

    def __init__(self, chance: Random) -> None:
        self.chance = chance

    def digits(self, count: int) -> str:
        return "".join(self.chance.choices("0123456789", k=count))

    def pieces(self) -> list[str]:
        """What stands around a code: references, account numbers, dates, times, amounts, names."""
        makers = (
            lambda: f"MBVCB.{self.digits(10)}",
            lambda: f"FT{self.digits(14)}",
            lambda: f"{self.digits(6)}.{self.digits(6)}",
            lambda: f"tu {self.digits(13)} {self.chance.choice(self.NAMES)}",
            lambda: f"toi{self.digits(13)}",
            lambda: "PK" + "".join(self.chance.choices(ALPHABET, k=self.chance.randrange(12))),
            lambda: f"{self.chance.randrange(1, 29):02}/11/2026 gui xe",
        )
        return [self.chance.choice(makers)() for _ in range(self.chance.randrange(4))]

    def written(self, code: str) -> str:
        text = self.chance.choice((code, code.lower(), code.title()))
        if self.chance.random() < 0.5:
            place = self.chance.randrange(1, 12)
            text = text[:place] + self.chance.choice((" ", "\n", "-", ".", "\r\n ")) + text[place:]
        glue = self.chance.choice(("", " ", ".", "-"))
        return glue.join([*self.pieces(), text, *self.pieces()])


def exchanged(code: str, place: int) -> str:
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def replaced(code: str, place: int, wrong: str) -> str:
    return code[:place] + wrong + code[place + 1 :]


def test_twenty_thousand_narratives_find_every_intact_code_and_attribute_none_wrongly() -> None:
    chance = Random(20_261_120)
    bank = Bank(chance)
    registered = {code_for(number) for number in chance.sample(range(1, 700_000), 5_000)}
    codes = sorted(registered)
    intact, completed = 0, 0
    for _ in range(20_000):
        code = sent = chance.choice(codes)
        if chance.random() < 0.25:
            sent = chance.choice(bank.DAMAGES)(chance, code)
        known = [found for found in codes_in(bank.written(sent)) if found in registered]
        # a code that lost its end may be completed by what follows, and then is the right one
        assert known == [code] or (sent != code and known == [])
        intact += sent == code
        completed += sent != code and known == [code]
    assert 14_000 < intact < 16_000
    assert completed < 50
