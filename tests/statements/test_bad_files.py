"""Files as they really arrive: each is refused with its reason, or read as what it plainly is."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from openpyxl import Workbook, load_workbook

from payments.codes import code_for
from reconciliation.statements import Expected
from reconciliation.statements.xlsx_file import LARGEST_UNPACKED, STRONGEST
from tests.statements.kit import PAPER, camt_of, core, csv_of, read, refusal, table_of, xlsx_of
from tests.statements.settling import (
    DAY,
    EXPECTED,
    HEADER,
    ONE,
    SOLD,
    File,
    Sold,
    bytes_of,
    lines_of,
    refused,
)


def changed(raw: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """A workbook with other parts."""
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    change(parts)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in parts.items():
            book.writestr(name, part)
    return written.getvalue()


def test_a_truncated_file_is_refused_wherever_it_ends() -> None:
    raw = File(encoding="utf-8").raw()
    for end in range(raw.rindex(b"T3"), len(raw) - 12):
        assert "The whole file is refused" in refused(raw[:end]), end
    assert "no totals: the file may be cut off" in refused(File(total=False).raw())


def test_reordered_rows_are_the_same_lines() -> None:
    turned = lines_of(File(tuple(reversed(SOLD))).raw())
    assert sorted(turned, key=str) == sorted(lines_of(File().raw()), key=str)


def test_a_doubled_file_is_refused_by_its_totals() -> None:
    table = File().table()
    body = table[5:-1]
    assert "the entries make" in refused(bytes_of([*table[:5], *body, *body, table[-1]]))
    assert "more entries after the end" in refused(bytes_of([*table, *body]))


def test_a_row_of_another_day_is_refused_unless_late_rows_may_come() -> None:
    early = Sold(number="T9", day=DAY - ONE)
    assert "line 9: an entry of 2026-11-18" in refused(File((*SOLD, early)).raw())
    assert len(lines_of(File((*SOLD, early)).raw(), late_days="1")) == 4
    later = replace(early, day=DAY + ONE)
    assert "line 9: an entry of 2026-11-20" in refused(File((*SOLD, later)).raw(), late_days="1")


def test_a_row_of_a_day_to_come_is_refused() -> None:
    today = Expected(EXPECTED.numbers, "VND", DAY - timedelta(days=1))
    assert "is still to come" in refused(File().raw(), today)


def test_another_currency_is_refused() -> None:
    above = (*File().above[:3], ("Loại tiền", "USD"), ())
    assert "line 1: the currency is USD, not VND" in refused(File(above=above).raw())
    header = [*HEADER, "Loại tiền"]
    table = [[*row, "VND"] if row[:1] in (["T1"], ["T2"]) else row for row in File().table()]
    table[4], table[7] = header, [*table[7], "USD"]
    assert "line 8: the currency is USD, not VND" in refused(bytes_of(table))
    table[7][-1] = "XYZ"
    assert "line 8: XYZ is not a currency we know" in refused(bytes_of(table)).replace(
        "line 1:", "line 8:"
    )


def test_an_unparsable_row_is_refused_by_its_line() -> None:
    table = File().table()
    table[6][5] = "5.0.0"
    assert "line 7: 5.0.0 cannot be read as one amount" in refused(bytes_of(table))
    table[6][5], table[6][2] = "5000", "31/11/2026 08:00:00"
    assert "line 7: 31/11/2026 08:00:00 is not a date" in refused(bytes_of(table))
    table[6][2] = "hôm qua"
    assert "line 7: neither an entry nor a total" in refused(bytes_of(table))


@pytest.mark.parametrize("text", ["20.000,00", "20 000,00", "20000,00"])
def test_a_decimal_comma_is_read(text: str) -> None:
    table = File((Sold(),)).table()
    table[5][5] = table[6][5] = text
    assert lines_of(bytes_of(table, File(delimiter=";")), decimal=",")[0].gross == 20_000


def test_a_scale_that_leaves_a_rest_is_refused() -> None:
    raw = File((Sold(fee=200), Sold(50, "T2", fee=0))).raw()
    assert "line 7: 50 is not an amount of VND" in refused(raw, scale="100")


def merged_book() -> Workbook:
    """A header over two lines, and one day beside three rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["BẢNG KÊ GIAO DỊCH"])
    sheet.append(["Thời gian", "Giao dịch", None, "Loại", "Số tiền"])
    sheet.append([None, "Mã giao dịch", "Mã đơn hàng", None, None])
    sheet.append(["19/11/2026 08:00:00", "T1", code_for(1), "Thanh toán", 20_000])
    sheet.append([None, "T2", code_for(2), "Thanh toán", 5_000])
    sheet.append([None, "T3", code_for(3), "Thanh toán", 5_000])
    sheet.append(["Tổng cộng", None, None, None, 30_000])
    for cells in ("A1:E1", "A2:A3", "B2:C2", "D2:D3", "E2:E3", "A4:A6"):
        sheet.merge_cells(cells)
    return book


def saved(book: Workbook) -> bytes:
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def test_merged_cells_are_each_row_s() -> None:
    found = lines_of(saved(merged_book()), statuses={})
    assert [(line.rail_ref, line.gross) for line in found] == [
        ("T1", 20_000), ("T2", 5_000), ("T3", 5_000),
    ]  # fmt: skip
    assert len({line.event_at for line in found}) == 1


def test_a_merged_amount_is_refused() -> None:
    book = merged_book()
    sheet = book.active
    assert sheet is not None
    sheet["E6"] = None
    sheet.merge_cells("E5:E6")
    reason = refused(saved(book), statuses={})
    assert "line 6: one amount stands for several rows" in reason


@pytest.mark.parametrize("cells", ["B5:C5", "A4:B6", "D5:E5"])
def test_a_cell_across_columns_that_are_read_is_refused_by_row_and_cell(cells: str) -> None:
    """Above the table, and in its header, a title may be across."""
    book = merged_book()
    sheet = book.active
    assert sheet is not None
    if cells == "A4:B6":
        sheet.unmerge_cells("A4:A6")
    sheet.merge_cells(cells)
    line = cells[1]
    named = f"{cells[0]}{line}:{cells[3]}{line}"
    reason = refused(saved(book), statuses={})
    assert f"line {line}: the merged cell {named} covers columns that are read" in reason


def test_a_cell_that_is_only_wide_and_a_total_across_are_read() -> None:
    book = merged_book()
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells("E5:G5")
    sheet.merge_cells("A7:D7")
    assert len(lines_of(saved(book), statuses={})) == 3


def test_a_workbook_with_macros_is_refused() -> None:
    def macros(parts: dict[str, bytes]) -> None:
        parts["xl/vbaProject.bin"] = b"\0"

    def declared(parts: dict[str, bytes]) -> None:
        kinds = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = kinds.replace(b"sheet.main", b"sheet.macroEnabled.main")

    for change in (macros, declared):
        assert "holds more than values" in refused(changed(File().workbook(), change))
        assert "holds more than values" in refusal(changed(xlsx_of(PAPER), change))


def test_a_zip_bomb_is_refused_by_what_it_says_and_by_how_small_it_is_packed() -> None:
    def heavy(parts: dict[str, bytes]) -> None:
        parts["xl/media/a.bin"] = bytes(3 * 1024 * 1024)

    assert f"more than {STRONGEST} times its size" in refused(changed(File().workbook(), heavy))

    def large(parts: dict[str, bytes]) -> None:
        parts["xl/worksheets/sheet1.xml"] += b" " * LARGEST_UNPACKED

    assert "unpacked, this workbook has" in refused(changed(File().workbook(), large))


def test_a_part_that_says_less_than_it_unpacks_to_is_refused() -> None:
    raw = bytearray(File().workbook())
    with zipfile.ZipFile(io.BytesIO(raw)) as book:
        part = book.getinfo("xl/worksheets/sheet1.xml")
    true = part.file_size.to_bytes(4, "little")
    lie = (part.file_size // 2).to_bytes(4, "little")
    assert "this workbook cannot be read" in refused(bytes(raw.replace(true, lie)))


@pytest.mark.parametrize(
    "head",
    [
        b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE d SYSTEM "file:///etc/passwd">',
    ],
)
def test_xml_with_a_document_type_or_entities_is_refused(head: bytes) -> None:
    raw = camt_of(PAPER).replace(b"?>\n", b"?>\n" + head, 1)
    assert "a document type or entities are declared" in refusal(raw)

    def entities(parts: dict[str, bytes]) -> None:
        name = "xl/worksheets/sheet1.xml"
        parts[name] = head + parts[name]

    assert "a document type or entities" in refused(changed(File().workbook(), entities))


def test_a_bank_s_format_is_no_table_of_a_company() -> None:
    assert "camt.053 is a bank's format" in refused(camt_of(PAPER))


def test_nothing_and_binary_rubbish_are_refused() -> None:
    for raw in (b"", b"  \r\n", b"\0\1\2", b"PK\x03\x04rest", b"\xd0\xcf\x11\xe0" + bytes(60)):
        assert "The whole file is refused" in refused(raw)


def test_merged_cells_of_a_bank_s_workbook_are_read_too() -> None:
    book = load_workbook(io.BytesIO(xlsx_of(PAPER)))
    sheet = book.active
    assert sheet is not None
    first, last = 7, 6 + len(PAPER.lines)
    for row in range(first + 1, last + 1):
        sheet.cell(row, 2).value = None
    sheet.merge_cells(start_row=first, end_row=last, start_column=2, end_column=2)
    merged = read(saved(book))
    plain = read(csv_of(PAPER))
    assert len(table_of(PAPER)) == last + 1
    assert [core(entry) for entry in merged.entries] == [core(entry) for entry in plain.entries]
