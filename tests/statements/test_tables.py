"""Internet banking's tables: every habit a bank has is read, everything else is refused by line."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.codes import code_for
from payments.narratives import codes_in
from tests.statements.kit import (
    ACCOUNT,
    PAPER,
    Line,
    Paper,
    bytes_of,
    core,
    csv_of,
    papers,
    read,
    refusal,
    table_of,
)

PREAMBLE = [["Số tài khoản", ACCOUNT], ["Loại tiền", "VND"]]
SIGNED = ["Date", "Reference", "Description", "Amount", "Balance"]


def signed(
    *rows: Sequence[str], after: Sequence[Sequence[str]] = (), **mapping: object
) -> list[int]:
    """The amounts of a table with one signed column."""
    mapping = {"totals": "absent", **mapping}
    found = read(bytes_of([*PREAMBLE, SIGNED, *rows, *after]), **mapping)
    return [entry.amount for entry in found.entries]


@given(
    papers,
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from([",", ".", " ", ""]),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.booleans(),
    st.integers(0, 30),
)
@settings(deadline=None, max_examples=60)
def test_a_table_says_the_same_however_it_is_written(
    paper: Paper,
    delimiter: str,
    thousands: str,
    newline: str,
    encoding: str,
    timed: bool,
    wrap: int,
) -> None:
    style = replace(
        paper,
        delimiter=delimiter,
        thousands=thousands,
        newline=newline,
        encoding=encoding,
        with_time=timed,
        wrap=wrap,
    )
    found, plain = read(csv_of(style)), read(csv_of(paper))
    assert [core(entry) for entry in found.entries] == [core(entry) for entry in plain.entries]
    assert (found.opening, found.closing) == (plain.opening, plain.closing)
    assert all((entry.booked_at is not None) == timed for entry in found.entries)


def test_windows_1258_is_read_with_its_composed_letters() -> None:
    """Its tone marks are characters of their own."""
    rows = table_of(Paper((Line(5_000, narrative="Gửi xe Hàng Trống"),)))
    text = "\r\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
    raw = "".join(toned(letter) for letter in text).encode("cp1258")
    found = read(raw)
    assert found.entries[0].narrative == "Gửi xe Hàng Trống"
    assert read(raw, encoding="windows-1258") == found
    assert "line 1: the text is not utf-8" in refusal(raw, encoding="utf-8")
    assert "the text is not utf-8-sig" in refusal(b"\xef\xbb\xbf" + raw)


def toned(letter: str) -> str:
    """`letter` as Windows-1258 has it: as it is, or as a base and a tone mark."""
    parts = unicodedata.normalize("NFD", letter)
    tone = "".join(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
    base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tone))
    return base + tone


def test_a_code_that_was_wrapped_inside_its_cell_is_found() -> None:
    code = code_for(674_543)
    paper = Paper((Line(5_000, narrative=f"MBVCB.6900000001.{code}.CT tu 001"),), wrap=20)
    entry = read(csv_of(paper)).entries[0]
    assert entry.narrative == f"MBVCB.6900000001.{code}.CT tu 001"
    assert codes_in(entry.narrative) == (code,)


def test_the_reference_may_stand_below_the_date() -> None:
    header = ["Ngày giao dịch\nTransaction date", "Nợ/Debit", "Có/Credit", "Số dư/Balance", "Mô tả"]
    rows = [["31/10/2023\n5243.65937", "", "5,000", "5,000", "A"],
            ["31/10/2023\n08:15\n5243.65938", "", "5,000", "10,000", "B"]]  # fmt: skip
    found = read(bytes_of([*PREAMBLE, header, *rows]), totals="absent")
    assert [entry.reference for entry in found.entries] == ["5243.65937", "5243.65938"]
    assert {entry.booked_on for entry in found.entries} == {date(2023, 10, 31)}
    assert [e.booked_at and e.booked_at.time() for e in found.entries] == [None, time(8, 15)]


def test_one_signed_column_takes_a_minus_or_parentheses() -> None:
    assert signed(
        ["2026-11-19", "A", "in", "35.000", "35.000"],
        ["19/11/2026", "B", "out", "(5.000)", "30.000"],
        ["19-11-2026 23:59", "C", "out", "-30.000,00", "0"],
        after=[["Total", "", "", "0", "0"]],
        totals="required",
    ) == [35_000, -5_000, -30_000]


def test_a_bank_may_print_a_minus_in_its_debit_column() -> None:
    raw = csv_of(PAPER).replace(b"200,000", b"-200,000")
    assert "line 8: an entry needs either a debit or a credit" in refusal(raw)
    assert read(raw, debit_sign="-") == read(csv_of(PAPER))


def test_a_bank_may_print_the_newest_entry_first() -> None:
    rows = table_of(PAPER)
    turned = bytes_of([*rows[:6], *reversed(rows[6:9]), rows[9]])
    assert read(turned, order="newest_first") == read(csv_of(PAPER))
    assert "the balance after this entry must be" in refusal(turned)


def test_headings_of_an_unusual_bank_are_mapped() -> None:
    rows = table_of(PAPER)
    rows[5] = ["", "Khi nào", "Mã", "Ra", "Vào", "Còn lại", "Chuyện gì"]
    columns = {
        "date": "khi nao", "reference": ["Ma so", "MÃ"], "debit": "Ra", "credit": "Vào",
        "balance": "Còn lại", "narrative": "Chuyện gì",
    }  # fmt: skip
    assert "no header row among the first 60 rows" in refusal(bytes_of(rows))
    assert read(bytes_of(rows), columns=columns) == read(csv_of(PAPER))


def test_the_other_side_is_read_where_the_bank_names_it() -> None:
    header = [*SIGNED, "Tài khoản đối ứng", "Tên đối ứng", "Ngân hàng đối ứng"]
    row = ["19/11/2026", "A", "in", "5,000", "5,000", "0011", "NGUYEN VAN A", "970436"]
    party = read(bytes_of([*PREAMBLE, header, row]), totals="absent").entries[0].counterparty
    assert (party.account, party.name, party.bank) == ("0011", "NGUYEN VAN A", "970436")


def test_balances_and_period_may_stand_around_the_table() -> None:
    around = [
        ["Tài khoản: 0011 009 999 999 - CONG TY BAI XE"],
        ["Currency:", "VNĐ"],
        ["Từ ngày 18/11/2026 đến ngày 20/11/2026"],
        ["Date", "Debit", "Credit", "Details"],
        ["", "", "", ""],
        ["Số dư đầu kỳ", "100,000"],
        ["19/11/2026", "", "5,000", "A"],
        ["19/11/2026", "1,000", "0", "B"],
        ["Số dư cuối kỳ:", "104,000"],
        ["Chứng từ này được in từ hệ thống"],
    ]
    found = read(bytes_of(around))
    assert (found.account, found.currency) == (ACCOUNT, "VND")
    assert (found.opening, found.closing) == (100_000, 104_000)
    assert (found.since, found.until) == (date(2026, 11, 18), date(2026, 11, 20))
    around[8][1] = "104,001"
    assert "line 10: opening balance and entries make 104000" in refusal(bytes_of(around))
    del around[5]
    assert "opening and closing balance cannot be told" in refusal(bytes_of(around))


def test_a_quiet_day_is_a_statement_too() -> None:
    found = read(csv_of(Paper(())))
    assert (found.entries, found.opening, found.closing) == ((), 1_000_000, 1_000_000)
    rows = [*PREAMBLE, SIGNED, ["Số dư đầu kỳ", "5,000"]]
    assert "neither a period nor an entry" in refusal(bytes_of(rows), totals="absent")
    assert "cannot be told" in refusal(bytes_of(rows[:-1]), totals="absent")


def test_a_table_without_an_end_is_believed_only_where_the_bank_prints_none() -> None:
    raw = bytes_of(table_of(PAPER)[:-1])
    assert "the file may be cut off" in refusal(raw)
    assert read(raw, totals="absent") == read(csv_of(PAPER))


@pytest.mark.parametrize(
    ("line", "row", "reason"),
    [
        (8, ["2", "19/11/2026", "X"], "an entry needs either a debit or a credit"),
        (8, ["2", "19/11/2026", "X", "5", "5", "9"], "an entry needs either a debit or a credit"),
        (8, ["2", "19/11/2026", "X", "5", "", ""], "an entry without its balance"),
        (8, ["2", "31/02/2026", "X", "5", "", "9"], "31/02/2026 is not a date"),
        (8, ["2", "19/11/2026 25:00", "X", "5", "", "9"], "19/11/2026 25:00 is not a date"),
        (8, ["2", "19/11/2026 soon", "X", "5", "", "9"], "19/11/2026 soon is not a date"),
        (8, ["2", "19/11/2026", "X", "five", "", "9"], "five cannot be read as one amount of VND"),
        (
            8,
            ["2", "19/11/2026", "X", "5", "", "9", "A", "B"],
            "more cells than the 7 of the header",
        ),
        (8, ["2", "soon", "X", "5", "", "9"], "neither an entry nor a total"),
        (
            11,
            ["4", "19/11/2026", "X", "5", "", "9", "A"],
            "more entries after the end of the table",
        ),
        (11, ["", "Ngày GD", "", "Debit", "Credit", "", "Mô tả"], "more entries after the end"),
        (4, ["Loại tiền", "USD"], "the currency USD, but line 3 says VND"),
        (6, ["Ngày GD", "Date", "Amount", "Mô tả"], "columns 1, 2 could all be the date"),
    ],
)
def test_a_row_too_many_is_named_by_its_line(line: int, row: list[str], reason: str) -> None:
    rows = table_of(PAPER)
    rows.insert(line - 1, row)
    assert f"line {line}: {reason}" in refusal(bytes_of(rows))


@pytest.mark.parametrize(
    ("line", "row", "reason"),
    [
        (4, ["Từ ngày", "soon"], "soon is not a date"),
        (4, ["Từ ngày", "20/11/2026"], "an entry of 2026-11-19 in a statement from 2026-11-20"),
        (
            10,
            ["", "Tổng", "", "1", "40,000", "840,000"],
            "the total of debit is 1, the entries make",
        ),
        (10, ["", "Tổng", "", "", "4", ""], "the total of credit is 4, the entries make 40000"),
        (10, ["", "Tổng", "", "", "", "9"], "opening balance and entries make 840000, but the"),
        (10, ["Closing balance", "9"], "opening balance and entries make 840000, but the"),
    ],
)
def test_what_the_rows_around_say_must_fit_the_entries(
    line: int, row: list[str], reason: str
) -> None:
    rows = table_of(PAPER)
    rows[line - 1] = row
    assert reason in refusal(bytes_of(rows))


def test_totals_and_a_stated_closing_balance_must_agree() -> None:
    rows = [["Closing balance", "840,001"], *table_of(PAPER)]
    assert "line 11: the total of balance is 840000, the entries make 840001" in refusal(
        bytes_of(rows)
    )


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"nothing like a statement", "no header row"),
        (b"a\0b", "line 1: a NUL character"),
        (b"\xef\xbb\xbf\xff", "the text is not utf-8-sig"),
        (csv_of(PAPER) + b'4,"cut', "a quotation mark is opened and never closed"),
        (
            csv_of(PAPER).replace(b"TIEN DIEN", b'"TIEN'),
            "a quotation mark within a text must be doubled",
        ),
        (csv_of(PAPER).replace(b"0011009999999", b""), "names the account"),
        (csv_of(PAPER).replace(b"VND", b""), "names the currency"),
        (csv_of(PAPER).replace(b"VND", b"XAU"), "XAU is not a currency we know"),
    ],
)
def test_what_is_no_statement_is_refused(raw: bytes, reason: str) -> None:
    assert reason in refusal(raw)
