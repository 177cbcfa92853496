"""One transfer has one name, whoever tells of it; two transfers have two."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from payments.bank_transfers import bank_day, nameless_ref, occurrences, transfer_ref

DAY = date(2026, 11, 20)
AT = datetime(2026, 11, 20, 3, 0, 5, tzinfo=UTC)
REFERENCES = st.text("ABCXYZ0123456789", min_size=1, max_size=30)
SEPARATORS = st.text(" -./\\:_\n", max_size=3)


def test_a_name_says_reference_day_and_amount() -> None:
    assert transfer_ref("FT26324-000.1", DAY, 20_000) == "FT263240001:20261120:20000"


@given(REFERENCES, st.data())
def test_case_and_separators_of_a_reference_say_nothing(
    reference: str, data: st.DataObject
) -> None:
    told = "".join(
        data.draw(st.sampled_from([letter, letter.lower()])) + data.draw(SEPARATORS)
        for letter in reference
    )
    assert transfer_ref(told, DAY, 5) == transfer_ref(reference, DAY, 5)


@given(
    st.tuples(REFERENCES, st.dates(), st.integers(1, 10**12)),
    st.tuples(REFERENCES, st.dates(), st.integers(1, 10**12)),
)
def test_another_reference_day_or_amount_is_another_transfer(
    one: tuple[str, date, int], other: tuple[str, date, int]
) -> None:
    assert (transfer_ref(*one) == transfer_ref(*other)) == (one == other)


@given(st.text(" -–./…ơ\n"))
def test_a_reference_without_a_letter_names_nothing(nothing: str) -> None:
    assert transfer_ref(nothing.replace("ơ", ""), DAY, 1) == ""


def test_the_day_of_a_transfer_is_the_banks_whatever_zone_tells_it() -> None:
    late = datetime(2026, 11, 20, 23, 59, 58, tzinfo=timezone(timedelta(hours=7)))
    assert bank_day(late) == bank_day(late.astimezone(UTC)) == DAY
    assert bank_day(late + timedelta(seconds=2)) == DAY + timedelta(days=1)


def test_a_nameless_transfer_is_known_by_account_second_amount_and_words() -> None:
    told = nameless_ref("0011", AT, 20_000, "Gửi xe: 30A-123.45")
    hanoi = AT.astimezone(timezone(timedelta(hours=7)))
    assert nameless_ref("0011", hanoi, 20_000, "GUI XE\n30A 12345") == told
    others = {
        nameless_ref("0012", AT, 20_000, "Gửi xe: 30A-123.45"),
        nameless_ref("0011", AT + timedelta(seconds=1), 20_000, "Gửi xe: 30A-123.45"),
        nameless_ref("0011", AT, 20_001, "Gửi xe: 30A-123.45"),
        nameless_ref("0011", AT, 20_000, "Gửi xe: 30A-123.46"),
    }
    assert len(others | {told}) == 5


@given(st.lists(st.sampled_from("abc")))
def test_the_equals_of_a_listing_are_counted_from_one(refs: list[str]) -> None:
    numbered = list(zip(refs, occurrences(refs), strict=True))
    assert len(set(numbered)) == len(refs)
    assert set(numbered) == {(ref, n) for ref in refs for n in range(1, refs.count(ref) + 1)}


def test_a_longer_listing_counts_its_beginning_alike() -> None:
    assert occurrences(["a", "b", "a"]) == [1, 1, 2]
    assert occurrences(["a", "b", "a", "a"])[:3] == [1, 1, 2]
