"""A month in a report is a month, not its first day."""

from __future__ import annotations

import io
import json
from datetime import date, datetime

from openpyxl import load_workbook

from parking.reports.city_columns import MONTH
from parking.reports.written import written
from reconciliation.reports.chart import drawn
from reconciliation.reports.shown import cell_text
from reconciliation.reports.table import Chart, Report, Table
from tests.reconciliation.report_kit import GROSS, VI

ROWS = [(date(2026, 10, 1), 5), (date(2026, 11, 1), 7)]
TABLE = Table("by_month", "By month", (MONTH, GROSS), ROWS, (None, 12), ("month",))
REPORT = Report("city", "City", (), None, (TABLE,))


def test_a_page_and_a_sheet_of_paper_show_the_month() -> None:
    assert cell_text(ROWS[1][0], MONTH, VI) == "11/2026"


def test_the_chart_names_months() -> None:
    drawing = drawn(REPORT, Chart("by_month", "By month", "month", ("gross",)), VI)
    assert drawing is not None
    assert [label.text for label in drawing.labels][:2] == ["10/2026", "11/2026"]


def test_a_workbook_has_a_real_date_that_is_shown_as_a_month() -> None:
    book = load_workbook(io.BytesIO(written(REPORT, "xlsx", "vi")))
    cell = book.worksheets[1]["A3"]
    assert cell.value == datetime(2026, 11, 1)  # noqa: DTZ001 - a workbook has no zones
    assert cell.number_format == "mm/yyyy"


def test_programs_get_the_month_of_the_standard() -> None:
    """ISO 8601, as days and times are there."""
    assert "\r\n2026-11,7\r\n" in written(REPORT, "csv", "vi").decode()
    months = [
        row["month"]
        for row in json.loads(written(REPORT, "json", "vi"))["tables"]["by_month"]["rows"]
    ]
    assert months == ["2026-10", "2026-11"]
