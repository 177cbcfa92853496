"""The bank damages words without losing the code, and prints the statements of the vectors again."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.doubles.bank import Bank, Entry
from tests.doubles.base import HANOI
from tests.doubles.narratives import DAMAGES
from tests.doubles.statements import as_camt053, as_csv, as_mt940, statement

VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "bank_statements.json").read_text(encoding="utf-8")
)
DAY = date(2026, 1, 15)
CODES = st.text("ABCDEFGHJKMNPQRSTVWXYZ23456789", min_size=8, max_size=10)


def noon() -> datetime:
    return datetime(2026, 1, 15, 12, tzinfo=HANOI)


def letters(text: str) -> str:
    return re.sub("[^A-Z0-9]", "", text.upper())


@pytest.fixture
def bank() -> Bank:
    return Bank(noon)


def as_in_the_vectors(bank: Bank) -> list[Entry]:
    """The nine lines of the vectors, one an hour from a quarter past one."""
    made: list[Entry] = []
    for hour, line in enumerate(VECTORS["expected"], 1):
        at = datetime(2026, 1, 15, hour, 15, tzinfo=HANOI)
        if line["kind"] == "credit":
            entry = bank.receive(line["amount"], line["narrative"], at=at, wraps=hour == 1)
        elif line["kind"] == "debit":
            entry = bank.send(-line["amount"], line["narrative"], at=at)
        else:
            entry = bank.reverse(made[2], at=at)
        made.append(entry)
    return made


def test_the_bank_gives_the_references_and_words_of_the_vectors(bank: Bank) -> None:
    made = as_in_the_vectors(bank)
    assert [(e.reference, e.signed, str(e.kind), e.narrative) for e in made] == [
        (line["ref"], line["amount"], line["kind"], line["narrative"])
        for line in VECTORS["expected"]
    ]
    assert bank.balance == VECTORS["closing"]


def test_the_three_statements_are_the_vectors_to_the_letter(bank: Bank) -> None:
    as_in_the_vectors(bank)
    printed = statement(bank, DAY)
    assert (printed.opening, printed.closing) == (VECTORS["opening"], VECTORS["closing"])
    assert as_csv(printed) == VECTORS["csv_vn"]["text"]
    assert as_mt940(printed) == VECTORS["mt940"]["text"]
    assert as_camt053(printed) == VECTORS["camt053"]["text"]


@given(code=CODES, serial=st.integers(0, 99))
@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_every_damage_leaves_the_code_to_be_found(damage: str, code: str, serial: int) -> None:
    bank = Bank(noon)
    for _ in range(serial % 3):
        bank.send(1, "phí")
    entry = bank.receive(5_000, code, damage=damage)
    assert code in letters(entry.narrative)
    assert entry.narrative.isascii()
    assert entry.words == code


def test_a_hyphen_is_lost_and_a_long_text_is_cut(bank: Bank) -> None:
    assert bank.receive(5_000, "SG-123", damage="hyphen").narrative == "SG 123"
    cut = bank.receive(5_000, "Thanh toán tiền gửi xe tháng PKX7Q2M9RA", damage="cut")
    assert cut.narrative == "Thanh toan tien gui xe th"


def test_watchers_hear_every_line_in_the_order_of_the_book(bank: Bank) -> None:
    heard: list[Entry] = []
    bank.watch(heard.append)
    first = bank.receive(5_000, "PKX7Q2M9RA")
    second = bank.send(2_000, "hoàn tiền")
    assert heard == [first, second] == bank.entries
    assert bank.balance == 1_003_000


def test_money_of_the_last_seconds_stands_in_the_book_of_the_next_day(bank: Bank) -> None:
    late = datetime(2026, 1, 15, 23, 59, 58, tzinfo=HANOI)
    tomorrow = DAY + timedelta(days=1)
    entry = bank.receive(5_000, "PKX7Q2M9RA", at=late, booked=tomorrow)
    assert bank.on(DAY) == []
    assert bank.on(tomorrow) == [entry]
    assert statement(bank, tomorrow).opening == statement(bank, DAY).closing == 1_000_000
    assert ":61:2601150116C5000,00" in as_mt940(statement(bank, tomorrow))


def test_nobody_transfers_nothing(bank: Bank) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        bank.receive(0, "PKX7Q2M9RA")
