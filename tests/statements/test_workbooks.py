"""Workbooks hold values, or they are not read; what they say of their own size is not believed."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from reconciliation.statements import xlsx_file
from tests.statements.kit import PAPER, core, csv_of, read, refusal, xlsx_of

SHEET = "xl/worksheets/sheet1.xml"


def changed(change: Callable[[Worksheet], None]) -> bytes:
    """The workbook with its sheet changed."""

    def act(book: Workbook) -> None:
        assert isinstance(book.active, Worksheet)
        change(book.active)

    return xlsx_of(PAPER, act)


def put(cell: str, value: Any) -> bytes:
    return changed(lambda sheet: sheet.__setitem__(cell, value))


def repacked(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with one part written anew, or added where `part` is none of its parts."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx_of(PAPER))) as before,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            after.writestr(name, change(before.read(name)) if name == part else before.read(name))
        if part not in before.namelist():
            after.writestr(part, change(b""))
    return written.getvalue()


def test_a_workbook_says_what_the_text_file_says() -> None:
    found = read(xlsx_of(PAPER))
    assert [core(e) for e in found.entries] == [core(e) for e in read(csv_of(PAPER)).entries]
    assert [entry.balance for entry in found.entries] == [1_005_000, 805_000, 840_000]


def test_a_midnight_is_a_day_without_a_time() -> None:
    """A workbook has no other way to say a day."""
    raw = put("B7", PAPER.lines[0].day)
    assert read(raw).entries[0].booked_at is None
    assert read(xlsx_of(PAPER)).entries[0].booked_at is not None
    assert read(xlsx_of(PAPER)).entries[0].booked_on == read(raw).entries[0].booked_on


def test_a_number_with_decimals_is_read_exactly() -> None:
    assert read(put("E7", 5000.0)) == read(xlsx_of(PAPER))
    assert "line 7: 5000.5 is not an amount of VND" in refusal(put("E7", 5000.5))


@pytest.mark.parametrize(
    ("cell", "value", "reason"),
    [
        ("E7", "=2500+2500", "line 7: =2500+2500 is a formula"),
        ("H30", "=1", "line 30: =1 is a formula"),
        ("G7", "#REF!", "line 7: #REF! is a formula or an error"),
        ("G7", True, "line 7: True is a formula or an error"),
        ("C7", time(8, 30), "line 7: 08:30:00 is neither a text, a number nor a date"),
        ("BI3", "far out", "line 3: more than 200000 rows or 60 columns"),
        ("A200001", "far down", "line 200001: more than 200000 rows or 60 columns"),
    ],
)
def test_a_cell_that_is_no_plain_value_is_named(cell: str, value: object, reason: str) -> None:
    assert reason in refusal(put(cell, value))


def test_a_sheet_that_overstates_its_size_costs_nothing() -> None:
    def boast(xml: bytes) -> bytes:
        return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', xml)

    assert read(repacked(SHEET, boast)) == read(xlsx_of(PAPER))


def test_one_of_several_sheets_must_be_named() -> None:
    raw = xlsx_of(PAPER, lambda book: book.create_sheet("Ghi chú") and None)
    assert "has the sheets Sao kê, Ghi chú, the mapping must name one" in refusal(raw)
    assert read(raw, sheet="Sao kê") == read(xlsx_of(PAPER))
    assert "has the sheets Sao kê, Ghi chú" in refusal(raw, sheet="Sao ke")


@pytest.mark.parametrize(
    "part", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.docx"]
)
def test_a_workbook_with_a_program_or_strangers_inside_is_refused(part: str) -> None:
    assert f"more than values: {part}" in refusal(repacked(part, lambda _: b"x"))


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(SHEET, lambda xml: xml + b" " * xlsx_file.LARGEST_UNPACKED)
    assert len(bomb) < 1_000_000
    assert "unpacked, this workbook has" in refusal(bomb)


def test_a_bomb_that_lies_about_its_size_yields_no_more_than_it_said() -> None:
    raw = bytearray(repacked(SHEET, lambda xml: xml + b" " * 10_000_000))
    size = zipfile.ZipFile(io.BytesIO(raw)).getinfo(SHEET).file_size
    lied = bytes(raw).replace(size.to_bytes(4, "little"), (2_000).to_bytes(4, "little"))
    assert "this workbook cannot be read" in refusal(lied)


def test_a_workbook_of_very_many_parts_is_refused() -> None:
    written = io.BytesIO(xlsx_of(PAPER))
    with zipfile.ZipFile(written, "a") as book:
        for number in range(xlsx_file.MOST_PARTS):
            book.writestr(f"xl/{number}.xml", b"")
    assert "more than 256 of" in refusal(written.getvalue())


def shared(raw: bytes, head: bytes = b"") -> bytes:
    """The workbook with its texts in a part of their own, as most programs write it."""
    texts: list[bytes] = []

    def share(found: re.Match[bytes]) -> bytes:
        texts.append(b"<si>" + found[1] + b"</si>")
        return b't="s"><v>%d</v>' % (len(texts) - 1)

    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as before,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            part = re.sub(
                rb't="inlineStr"><is>(.*?)</is>', share, before.read(name), flags=re.DOTALL
            )
            kind = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
            listed = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % kind
            after.writestr(name, part.replace(b"</Types>", listed))
        space = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        strings = b'<sst xmlns="%s">%s</sst>' % (space, b"".join(texts))
        after.writestr("xl/sharedStrings.xml", head + strings)
    return written.getvalue()


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'


def test_texts_may_stand_in_a_part_of_their_own() -> None:
    assert b"inlineStr" in zipfile.ZipFile(io.BytesIO(xlsx_of(PAPER))).read(SHEET)
    assert read(shared(xlsx_of(PAPER))) == read(xlsx_of(PAPER))
    assert "a document type or entities" in refusal(shared(xlsx_of(PAPER), LAUGHS))


@pytest.mark.parametrize("part", [SHEET, "[Content_Types].xml", "xl/workbook.xml"])
def test_entities_in_a_workbook_are_refused(part: str) -> None:
    def declare(xml: bytes) -> bytes:
        head, mark, rest = xml.partition(b"?>")
        return head + mark + LAUGHS + rest if mark else LAUGHS + xml

    assert "a document type or entities are declared" in refusal(repacked(part, declare))


def test_what_only_begins_like_a_workbook_is_refused() -> None:
    assert "this workbook cannot be read" in refusal(b"PK\x03\x04" + bytes(100))
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert "not one workbook and nothing else" in refusal(b"PK\x03\x04" + empty.getvalue())
    assert "this workbook cannot be read" in refusal(repacked("xl/workbook.xml", lambda _: b"<a"))
