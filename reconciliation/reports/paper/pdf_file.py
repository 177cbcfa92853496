"""A report as a PDF: A4, pages numbered x/y, text that can be searched and copied, Vietnamese whole.

The same rows give the same bytes: the library's invariant mode leaves clock and random ids out. Pages go
to the file as they are made, so that the longest table never lies in memory.
"""

from __future__ import annotations

from io import BytesIO
from typing import IO

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from qr.pdf import face
from reconciliation.reports.paper.charts import Picture, paint
from reconciliation.reports.paper.flow import LEADING, Cells, Look, Page, Words, pages_of
from reconciliation.reports.paper.layout import MARGIN, PADDING, Sheet, sheet_of
from reconciliation.reports.paper.press import Press
from reconciliation.reports.table import NUMBERS, Language, Report

INK, QUIET, RULE, GROUND = map(HexColor, ("#17222D", "#586878", "#CBD4DC", "#EDF1F5"))
#: Letters of the foot.
SMALL = 8.0
#: Above the base line of a row's letters, as a part of their size.
RISE = 0.98


def write_pdf(report: Report, language: Language, file: IO[bytes]) -> None:
    """The report on as many pages as it needs, lengthwise where its tables are wide."""
    sheet = sheet_of(report, language)
    pages = sum(1 for _ in pages_of(report, sheet, language))
    canvas = Canvas(
        BytesIO(),
        pagesize=(sheet.width, sheet.height),
        initialFontName=face("regular"),  # type: ignore[arg-type]  # the stubs say number
        pageCompression=1,
        invariant=1,
        lang=language.code,
    )
    canvas.setTitle(language.say(report.title))
    press = Press(canvas, file)
    for number, page in enumerate(pages_of(report, sheet, language), start=1):
        _paint(canvas, sheet, page)
        _foot(canvas, sheet, report, language, language.say(
            "Page %(page)s of %(pages)s", page=number, pages=pages))  # fmt: skip
        press.print_page()
    press.finish()


def _paint(canvas: Canvas, sheet: Sheet, page: Page) -> None:
    for mark in page:
        if isinstance(mark, Words):
            _words(canvas, sheet, mark)
        elif isinstance(mark, Picture):
            paint(canvas, sheet, mark)
        else:
            _row(canvas, sheet, mark)


def _words(canvas: Canvas, sheet: Sheet, words: Words) -> None:
    canvas.setFillColor(QUIET if words.quiet else INK)
    canvas.setFont(face(words.weight), words.size)
    for number, line in enumerate(words.lines):
        down = words.top + words.size + number * words.size * LEADING
        canvas.drawString(MARGIN, sheet.height - down, line)


def _row(canvas: Canvas, sheet: Sheet, row: Cells) -> None:
    top = sheet.height - row.top
    bottom = top - row.height
    if row.look is Look.HEAD:
        canvas.setFillColor(GROUND)
        canvas.rect(MARGIN - PADDING, bottom, sheet.inner + 2 * PADDING, row.height, 0, 1)
    canvas.setStrokeColor(INK if row.look is Look.TOTAL else RULE)
    canvas.setLineWidth(0.8 if row.look is Look.TOTAL else 0.4)
    edge = top if row.look is Look.TOTAL else bottom
    canvas.line(MARGIN - PADDING, edge, MARGIN + sheet.inner + PADDING, edge)
    bold = row.look in (Look.HEAD, Look.TOTAL)
    canvas.setFillColor(QUIET if row.look is Look.CARRIED else INK)
    canvas.setFont(face("bold" if bold else "regular"), row.layout.size)
    for index in range(len(row.cells)):
        _cell(canvas, row, index, top)


def _cell(canvas: Canvas, row: Cells, index: int, top: float) -> None:
    layout = row.layout
    left, right = MARGIN + layout.lefts[index], MARGIN + layout.lefts[index] + layout.widths[index]
    # the name of a row of sums stands to the left even over numbers, or it would leave the paper
    named = index == 0 and row.look in (Look.TOTAL, Look.CARRIED)
    number = layout.table.columns[index].kind in NUMBERS and not named
    for line, text in enumerate(row.cells[index]):
        base = top - PADDING - layout.size * RISE - line * layout.line
        if number:
            canvas.drawRightString(right, base, text)
        else:
            canvas.drawString(left, base, text)


def _foot(canvas: Canvas, sheet: Sheet, report: Report, language: Language, page: str) -> None:
    canvas.setFillColor(QUIET)
    canvas.setFont(face("regular"), SMALL)
    title = language.say(report.title)
    canvas.drawString(MARGIN, MARGIN - SMALL / 2, title)
    canvas.drawRightString(sheet.width - MARGIN, MARGIN - SMALL / 2, page)
