"""What is written from a report: the same rows, the same bytes, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import json
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from tempfile import TemporaryFile
from typing import IO

import openpyxl
import pypdfium2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.worksheet import Worksheet

from payments.errors import WrongUsage
from reconciliation.reports.chart import drawn
from reconciliation.reports.csv_file import csv_bytes, write_csv
from reconciliation.reports.formulas import harmless, is_formula
from reconciliation.reports.json_file import write_json
from reconciliation.reports.paper.charts import picture
from reconciliation.reports.paper.layout import sheet_of as sheet_of_paper
from reconciliation.reports.paper.pdf_file import write_pdf
from reconciliation.reports.table import Chart, Language, Lazy, Report, Sentence, Table
from reconciliation.reports.xlsx_file import write_xlsx
from tests.reconciliation.report_kit import (
    COUNT,
    DAY,
    EN,
    GROSS,
    LOT,
    STATE,
    VI,
    by_lot,
    report,
    table,
)

Write = Callable[[Report, Language, IO[bytes]], None]


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_csv(made: Report, language: Language, only: str = "") -> bytes:
    out = io.BytesIO()
    write_csv(made, language, out, only)
    return out.getvalue()


def as_json(made: Report, language: Language) -> bytes:
    out = io.BytesIO()
    write_json(made, language, out)
    return out.getvalue()


def as_pdf(made: Report, language: Language) -> bytes:
    out = io.BytesIO()
    write_pdf(made, language, out)
    return out.getvalue()


def xlsx(made: Report, language: Language = VI) -> bytes:
    out = io.BytesIO()
    write_xlsx(made, language, out)
    return out.getvalue()


def sheet_of(content: bytes, name: str) -> Worksheet:
    sheet = openpyxl.load_workbook(io.BytesIO(content))[name]
    assert isinstance(sheet, Worksheet)
    return sheet


def text_of(content: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("write", [as_csv, as_json, xlsx, as_pdf])
@pytest.mark.parametrize("language", [VI, EN])
def test_the_same_rows_give_the_same_bytes(write, language) -> None:  # type: ignore[no-untyped-def]
    first, again = write(report(by_lot()), language), write(report(by_lot()), language)
    assert first == again
    assert first != write(report(by_lot(4)), language)


@pytest.mark.parametrize("write", [write_csv, write_json, write_xlsx, write_pdf])
def test_a_long_table_is_never_in_memory_as_a_whole(write: Write) -> None:
    def peak(rows: int) -> int:
        """The most memory that writing so many rows takes, in bytes."""
        columns = (LOT, DAY, COUNT)
        read = Lazy(lambda: ((f"Bãi số {n}", date(2026, 11, 1), n) for n in range(rows)))
        made = report(Table("t", "Lots", columns, read, (None, None, sum(range(rows)))))
        with TemporaryFile() as file:
            tracemalloc.start()
            write(made, VI, file)
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert file.tell() > rows * 10
        return most

    peak(10)
    assert peak(4000) - peak(1000) < 3000 * 100


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=2))
def test_rows_written_as_they_come_are_the_json_of_the_whole(
    names: list[str], notes: list[str]
) -> None:
    made = report(table("t", (LOT, STATE, COUNT), [(name, "complete", 1) for name in names]))
    content = as_json(replace(made, notes=tuple(map(Sentence, notes))), EN)
    assert (
        content == (json.dumps(json.loads(content), ensure_ascii=False, indent=2) + "\n").encode()
    )
    assert [row["lot"] for row in json.loads(content)["tables"]["t"]["rows"]] == names


def test_csv_opens_in_a_vietnamese_spreadsheet() -> None:
    content = as_csv(report(by_lot()), VI)
    assert content.startswith(b"\xef\xbb\xbf")
    assert b"\r\n" in content
    rows = cells(content)
    assert rows[0] == ["Đối soát hằng ngày"]
    assert ["Số liệu tính đến", "00:30:00 21/11/2026"] in rows
    assert rows[-1] == ["674.543 lượt báo"]
    body = cells(as_csv(report(by_lot()), VI, "by_lot"))
    assert body[0][4:8] == ["Số giao dịch", "Tổng thu (₫)", "Hoàn tiền (₫)", "Thực nhận (₫)"]
    assert body[2] == [
        "Bãi xe Trần Quang Khải số 2", "2026-11-20", "2026-11-21 00:30:00", "Đã đủ tệp",
        "2", "20000", "200", "19800", "-39,98", "94,9",
    ]  # fmt: skip
    assert body[-1][:5] == ["Tổng cộng", "", "", "", "6"]
    assert cells(as_csv(report(by_lot()), EN, "by_lot"))[2][8] == "-39.98"
    with pytest.raises(WrongUsage, match="no table lots"):
        as_csv(report(by_lot()), VI, "lots")


def test_json_speaks_keys_and_minor_units() -> None:
    told = json.loads(as_json(report(by_lot()), VI))
    assert told["as_of"] == "2026-11-21T00:30:00+07:00"
    assert told["parameters"] == {"from": "2026-11-01"}
    found = told["tables"]["by_lot"]
    assert found["rows"][0]["lot"] == "=SUM(A1)"
    assert found["rows"][1]["state"] == "complete"
    assert found["rows"][1]["dollars"] == -3998
    assert found["totals"]["gross"] == 60_000


def test_a_workbook_holds_numbers_days_and_a_frozen_heading() -> None:
    sheet = sheet_of(xlsx(report(by_lot())), "Bãi xe")
    assert sheet.freeze_panes == "A2"
    formula = sheet["A2"]
    assert (formula.value, formula.data_type) == ("=SUM(A1)", "s")
    assert sheet["B3"].value == datetime(2026, 11, 20)  # noqa: DTZ001 - sheets have no zones
    assert sheet["C3"].value == datetime(2026, 11, 21, 0, 30)  # noqa: DTZ001
    assert (sheet["F3"].value, sheet["F3"].number_format) == (20_000, "#,##0")
    assert (sheet["I3"].value, sheet["I3"].number_format) == (-39.98, "#,##0.00")
    assert (sheet["J3"].value, sheet["J3"].number_format) == (0.949, "0.0%")
    assert [sheet["A5"].value, sheet["F5"].value] == ["Tổng cộng", 60_000]
    assert 25 < sheet.column_dimensions["A"].width < 40
    about = sheet_of(xlsx(report(by_lot())), "Về báo cáo")
    assert about["A1"].value == "Đối soát hằng ngày"
    assert about["A3"].value == "Từ ngày"


def test_tables_of_one_title_have_sheets_of_their_own() -> None:
    twice = report(by_lot(), table("again", (LOT, COUNT), [("1", 1)]))
    names = openpyxl.load_workbook(io.BytesIO(xlsx(twice))).sheetnames
    assert names == ["Về báo cáo", "Bãi xe", "Bãi xe 2"]


def test_a_pdf_carries_its_totals_from_page_to_page() -> None:
    pages = text_of(as_pdf(report(by_lot(90)), VI))
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"Trang {number} trên {len(pages)}" in page
        assert "Tổng thu" in page
    for before, after in pairwise(pages):
        carried = re.search(r"Cộng chuyển trang sau\s+([\d.]+)\s+([\d.]+)", before)
        brought = re.search(r"Trang trước chuyển sang\s+([\d.]+)\s+([\d.]+)", after)
        assert carried is not None
        assert brought is not None
        assert carried.groups() == brought.groups()
    assert "Bãi xe Trần Quang Khải số 45" in " ".join(pages)
    assert f"{sum(range(91)) * 10_000:,}".replace(",", ".") in pages[-1]
    assert "Brought forward" in text_of(as_pdf(report(by_lot(90)), EN))[1]


def test_the_table_at_a_pdf_s_end_says_where_each_object_begins() -> None:
    """ISO 32000-1, 7.5.4: twenty bytes an object; readers repair a wrong one, slowly or not at all."""
    content = as_pdf(report(by_lot(90)), VI)
    begin = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    head, size, *rows = content[begin:].split(b"\n")
    offsets = [int(row.split()[0]) for row in rows if row.endswith(b" n ")]
    assert (head, size) == (b"xref", b"0 %d" % (len(offsets) + 1))
    assert len(offsets) > 2 * len(text_of(content))
    for number, offset in enumerate(offsets, start=1):
        assert content[offset:].startswith(b"%d 0 obj\n" % number)


def lies(made: Report) -> bool:
    """Whether the first page is wider than high."""
    document = pypdfium2.PdfDocument(as_pdf(made, VI))
    try:
        width, height = document[0].get_size()
        return bool(width > height)
    finally:
        document.close()


def test_a_wide_table_lies_lengthwise_and_a_narrow_one_stands() -> None:
    wide = tuple(replace(GROSS, key=f"gross_{n}", title="Amount") for n in range(12))
    assert lies(report(table("t", (LOT, *wide), [("1", *[10**9] * 12)])))
    assert not lies(report(table("t", (LOT, COUNT), [("1", 1)])))


def test_a_word_longer_than_its_column_is_cut_not_printed_over_the_next() -> None:
    long = "Ơ" * 300
    (page,) = text_of(as_pdf(report(table("t", (LOT, COUNT), [(long, 1)])), VI))
    assert page.count("Ơ") == 300


SPACE = st.text(st.sampled_from(" \t\r\n\u00a0\u200b\ufeff\u3000"), max_size=3)
START = st.sampled_from("=+-@＝＋－＠﹢﹣\t\r\n")


@given(SPACE, START, st.text(max_size=8))
@example("", "=", "cmd|' /C calc'!A0")
@example("\u3000", "＝", "1+1")
def test_text_that_would_run_is_neutralised(space: str, start: str, rest: str) -> None:
    cell = space + start + rest
    assert is_formula(cell)
    assert harmless(cell) == f"'{cell}"


@given(st.text(st.characters(categories=("L", "N")), min_size=1), st.text(max_size=8))
def test_ordinary_text_stays_as_it_is(start: str, rest: str) -> None:
    assert harmless(start + rest) == start + rest


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXT, st.integers(-(10**12), 10**12)), max_size=6))
def test_rows_survive_csv_and_no_text_is_a_formula(rows: list[tuple[str, int]]) -> None:
    read = cells(csv_bytes([("=Gross", "x"), *rows]))
    assert read[0] == ["'=Gross", "x"]
    assert [int(row[1]) for row in read[1:]] == [amount for _, amount in rows]
    for (text, _), (shown, _) in zip(rows, read[1:], strict=True):
        assert shown in (text, f"'{text}")
        assert not is_formula(shown)


@settings(deadline=None, max_examples=25)
@given(st.lists(TEXT, min_size=1, max_size=4))
def test_a_workbook_keeps_every_text_a_text(names: list[str]) -> None:
    made = report(table("t", (LOT, COUNT), [(f"={name}", 1) for name in names]))
    sheet = sheet_of(xlsx(made), "Bãi xe")
    for number in range(2, 2 + len(names)):
        assert sheet.cell(number, 1).data_type == "s"


def test_days_are_days_in_every_file() -> None:
    made = report(by_lot(1))
    assert made.table("by_lot").first(1)[0][1] == date(2026, 11, 20)
    assert "20/11/2026" in text_of(as_pdf(made, VI))[0]


CHARTS = (Chart("by_lot", "Takings by lot", "lot", ("gross", "refunds")),)


def test_a_pdf_shows_the_charts_of_the_page_the_same_each_time() -> None:
    made = replace(report(by_lot()), charts=CHARTS)
    (page,) = text_of(as_pdf(made, EN))
    assert page.index("Takings by lot") < page.index("Payments")
    assert as_pdf(made, EN) == as_pdf(made, EN) != as_pdf(report(by_lot()), EN)


def test_a_bar_is_as_long_on_paper_as_on_the_page() -> None:
    rows = [("HK01", 4, 40_000), ("HK02", 2, 20_000)]
    made = report(table("by_lot", (LOT, COUNT, GROSS), rows))
    chart = Chart("by_lot", "Takings", "lot", ("gross",))
    drawing = drawn(made, chart, EN)
    assert drawing is not None
    document = pypdfium2.PdfDocument(as_pdf(replace(made, charts=(chart,)), EN))
    try:
        image = document[0].render(scale=2).to_pil().convert("RGB")
    finally:
        document.close()
    blue = [
        sum(image.getpixel((x, y)) == (0x15, 0x52, 0xB5) for x in range(image.width))
        for y in range(image.height)
    ]
    points = picture(drawing, sheet_of_paper(made, EN), 0).scale * 2
    lengths = [shape.width * points for shape in drawing.shapes]
    assert max(blue) == pytest.approx(lengths[0], abs=3)
    assert any(row == pytest.approx(lengths[1], abs=3) for row in blue)


def test_charts_that_do_not_fit_go_whole_onto_the_next_page() -> None:
    pages = text_of(as_pdf(replace(report(by_lot(15)), charts=CHARTS * 3), VI))
    assert [page.count("Takings by lot") for page in pages[:3]] == [1, 1, 1]
