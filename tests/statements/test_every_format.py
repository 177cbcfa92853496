"""Whatever the format: the same rows, whole or not at all, with file, line and reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.languages import explain
from payments.codes import code_for
from payments.narratives import codes_in
from payments.provider import InvalidStatement
from reconciliation.statements import LARGEST, BankStatement, InvalidMapping, read_bank_statement
from tests.statements.kit import (
    ACCOUNT,
    DAY,
    FORMATS,
    PAPER,
    Line,
    Paper,
    core,
    csv_of,
    papers,
    read,
    refusal,
)

NINE = json.loads(Path(__file__).with_name("nine_lines.json").read_text())
FOUND = [(e["ref"], e["amount"], e["narrative"]) for e in NINE["expected"]]
#: Written once: a workbook carries the time it was written.
WRITTEN = {form: write(PAPER) for form, write in FORMATS.items()}
each_format = pytest.mark.parametrize("form", FORMATS)


def with_codes(text: str) -> str:
    """The sample with codes of ours in place of its placeholders, however they are written there."""
    for number, letter in enumerate("ABC", start=1):
        code = code_for(number)
        text = text.replace(f"PKX7Q2 M9R{letter}", f"{code[:6]} {code[6:]}")
        text = text.replace(f"PKX7Q2M9R{letter}", code)
        text = text.replace(f"pkx7q2m9r{letter.lower()}", code.lower())
    return text


@pytest.mark.parametrize("form", ["mt940", "camt053", "csv_vn"])
def test_the_nine_lines_read_the_same(form: str) -> None:
    found = read_bank_statement(form, NINE[form]["text"].encode(), {"account": NINE["account"]})
    assert (found.account, found.currency) == (NINE["account"], NINE["currency"])
    assert (found.opening, found.closing) == (NINE["opening"], NINE["closing"])
    assert [(e.reference, e.amount, e.narrative) for e in found.entries] == FOUND
    assert {e.booked_on.isoformat() for e in found.entries} == {"2026-01-15"}
    assert (found.since.isoformat(), found.until.isoformat()) == ("2026-01-15", "2026-01-15")


@pytest.mark.parametrize("form", ["mt940", "camt053", "csv_vn"])
def test_the_codes_in_the_nine_lines_are_found(form: str) -> None:
    found = read_bank_statement(form, with_codes(NINE[form]["text"]).encode())
    a, b, c = (code_for(number) for number in (1, 2, 3))
    codes = [codes_in(entry.narrative) for entry in found.entries]
    assert codes == [(a,), (b,), (b,), (), (c,), (), (), (), ()]


@given(papers)
@settings(deadline=None, max_examples=60)
def test_one_statement_in_four_formats_gives_the_same_rows(paper: Paper) -> None:
    read_ones = [read(write(paper)) for write in FORMATS.values()]
    for found in read_ones:
        assert [core(entry) for entry in found.entries] == [
            core(entry) for entry in read_ones[0].entries
        ]
        assert (found.account, found.currency) == (ACCOUNT, "VND")
        assert (found.opening, found.closing) == (paper.opening, paper.closing)
        assert (found.since, found.until) == paper.days
    told = [(e.reference, e.booked_on, e.amount) for e in read_ones[0].entries]
    assert told == [(line.reference, line.day, line.amount) for line in paper.lines]


@each_format
def test_a_file_cut_off_anywhere_is_refused_or_says_the_same(form: str) -> None:
    whole = WRITTEN[form]
    expected = read(whole)
    for length in range(len(whole)):
        found = unless_refused(whole[:length])
        assert found is None or found == expected, length


def unless_refused(raw: bytes) -> BankStatement | None:
    try:
        return read(raw)
    except InvalidStatement:
        return None


@each_format
def test_a_file_written_twice_into_one_is_refused(form: str) -> None:
    assert unless_refused(WRITTEN[form] * 2) is None


@pytest.mark.parametrize("form", ["csv", "mt940", "camt053"])
def test_a_file_with_any_figure_altered_is_refused(form: str) -> None:
    """Every digit of every amount and balance."""
    raw = WRITTEN[form]
    for figure in (b"5,000", b"200,000", b"35,000", b"5000", b"200000", b"35000", b"840000"):
        place = raw.find(figure)
        if place >= 0:
            altered = raw[:place] + b"7" + raw[place + 1 :]
            assert unless_refused(altered) is None, figure


@each_format
def test_another_account_or_currency_is_refused(form: str) -> None:
    raw = WRITTEN[form]
    assert read(raw, account="0011 009 999 999", currency="VND").account == ACCOUNT
    assert f"the account is {ACCOUNT}, not 123" in refusal(raw, account="123")
    assert "the currency is VND, not USD" in refusal(raw, currency="USD")


@each_format
def test_rows_that_look_alike_are_told_apart_by_their_order(form: str) -> None:
    """A bank books the same fee twice on one day under one reference."""
    fee = Line(-11_000, "PHI", "PHI SMS")
    found = read(FORMATS[form](Paper((fee, Line(5_000), fee, fee))))
    assert [entry.occurrence for entry in found.entries] == [1, 1, 2, 3]


@pytest.mark.parametrize("form", ["csv", "xlsx", "camt053"])
def test_a_time_that_is_told_is_a_time_in_hanoi(form: str) -> None:
    entry = read(WRITTEN[form]).entries[0]
    assert entry.booked_at is not None
    assert entry.booked_at.isoformat() == f"{DAY}T08:30:00+07:00"


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"PK\x03\x04", b"<", b":20:", b"\xef\xbb\xbf"])
)
@settings(deadline=None)
def test_any_other_bytes_are_refused_not_a_crash(raw: bytes, start: bytes) -> None:
    assert unless_refused(start + raw) is None


@each_format
@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_a_damaged_byte_crashes_nothing(form: str, data: st.DataObject) -> None:
    """Damage to a narrative or a reference may pass: a bank's file carries no checksum."""
    raw = bytearray(WRITTEN[form])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    found = unless_refused(bytes(raw))
    assert found is None or found.closing - found.opening == sum(e.amount for e in found.entries)


def test_a_file_of_an_absurd_size_is_not_even_opened() -> None:
    assert f"{LARGEST + 1} bytes" in refusal(b" " * LARGEST + b"x")
    assert "0 bytes" in refusal(b"")


def test_an_old_workbook_is_named_as_such() -> None:
    assert "save it as .xlsx" in refusal(b"\xd0\xcf\x11\xe0" + bytes(600))


def test_a_refusal_names_file_line_and_reason_in_both_languages() -> None:
    raw = csv_of(PAPER).replace(b"840,000", b"840,001", 1)
    with pytest.raises(InvalidStatement) as refused:
        read_bank_statement("sao-ke.csv", raw)
    assert explain(refused.value, "en") == (
        "sao-ke.csv, line 9: the balance after this entry must be 840000, but the file says 840001. "
        "The whole file is refused."
    )
    assert explain(refused.value, "vi") == (
        "sao-ke.csv, dòng 9: số dư sau giao dịch này phải là 840000, nhưng tệp ghi 840001. "
        "Toàn bộ tệp bị từ chối."
    )


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"colums": {}}, "Nobody knows colums"),
        ({"columns": "date"}, "columns must be 'name = …', not 'date'"),
        ({"columns": {"day": "Ngày"}}, "Nobody knows day"),
        ({"columns": {"date": 0}}, "columns.date must be '1 … 1000', not 0"),
        ({"columns": {"date": ["Ngày", ""]}}, "columns.date must be a text or a list"),
        ({"decimal": ";"}, "decimal must be '.' | ',', not ';'"),
        ({"account": 11009999999}, "account must be 'text', not 11009999999"),
        ({"order": ""}, "order must be 'oldest_first' | 'newest_first'"),
    ],
)
def test_a_mapping_nobody_understands_is_the_mappings_fault(
    mapping: dict[str, object], reason: str
) -> None:
    with pytest.raises(InvalidMapping) as refused:
        read_bank_statement("sao-ke.csv", csv_of(PAPER), mapping)
    assert reason in str(refused.value)
