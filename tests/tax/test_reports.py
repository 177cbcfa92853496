"""Form 01/TTGD and the VAT summary as reports, on both databases."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime

import pytest

from parking.receipts.methods import set_method
from parking.reports.asked import Asked
from parking.reports.kinds import make
from parking.reports.written import written
from parking.tax import form_01
from parking.tax.vat_summary import vat_summary
from payments.errors import WrongUsage
from reconciliation.reports.footing import check
from reconciliation.reports.table import Report, Row
from tests.kit import Town
from tests.receipts.kit import changed, give_back, operator, receipted
from tests.tax.kit import DECEMBER, FILING, NOVEMBER, asked, file, handed_over


def rows(report: Report, name: str) -> list[Row]:
    return list(report.table(name))


def asked_for(since: date, until: date, code: str | None = "hoan-kiem") -> Asked:
    return Asked(since, until, code, FILING)


def test_a_filed_form_says_what_the_circular_asks_for_and_never_changes(town: Town) -> None:
    receipt = receipted(town)
    give_back(town, receipt, 10_000)
    table = file(town)
    with town.house.databases.read() as tx:
        report = form_01.filed(tx, table)
        check(report)
        before = written(report, "csv", "vi")
    cells = list(csv.reader(io.StringIO(before.decode("utf-8-sig"))))
    assert ["[01] Kỳ dữ liệu", "11/2026"] in cells
    assert ["[05] Mã số thuế", "0100000001"] in cells
    body = [row for row in cells if row and row[0] in ("1", "2", "Tổng cộng")]
    assert [row[7] for row in body] == ["25000", "-10000", "15000"]
    assert [row[8] for row in body] == ["Mới", "Điều chỉnh", ""]
    assert body[0][3] == "Trông giữ xe ô tô"
    give_back(town, receipt, 5_000)
    changed(town)
    with town.house.databases.read() as tx:
        assert written(form_01.filed(tx, table), "csv", "vi") == before


def test_an_amendment_names_its_number(town: Town) -> None:
    receipted(town)
    file(town)
    with town.house.databases.read() as tx:
        told = json.loads(written(form_01.draft(tx, operator(town), NOVEMBER), "json", "en"))
    assert (told["parameters"]["first"], told["parameters"]["amendment"]) == ("no", "1")
    assert told["tables"]["transactions"]["rows"] == []


def test_what_comes_in_while_a_draft_is_written_is_not_in_it(town: Town) -> None:
    first = receipted(town, "30A-111.11")
    give_back(town, first, 10_000)
    changed(town)
    with town.house.databases.read() as tx:
        report = form_01.draft(tx, operator(town), NOVEMBER)
    town.clock.forward(minutes=1)
    second = receipted(town, "30A-222.22")
    give_back(town, second, 5_000)
    changed(town)
    check(report)
    assert [row[7] for row in report.table("transactions")] == [25_000, -10_000]
    with town.house.databases.read() as tx:
        later = form_01.draft(tx, operator(town), NOVEMBER)
    check(later)
    assert len(list(later.table("transactions"))) == 4


@pytest.mark.parametrize("kind", ["csv", "xlsx", "pdf", "json"])
def test_every_format_is_written_after_the_question_ended(town: Town, kind: str) -> None:
    receipted(town)
    with town.house.databases.read() as tx:
        report = make(tx, "form-01", asked_for(date(2026, 11, 1), date(2026, 11, 30)))
    assert len(written(report, kind, "vi")) > 500


def test_the_form_is_of_whole_months_and_one_operator(town: Town) -> None:
    with town.house.databases.read() as tx:
        with pytest.raises(WrongUsage, match="whole month or quarter"):
            make(tx, "form-01", asked_for(date(2026, 11, 2), date(2026, 11, 30)))
        with pytest.raises(WrongUsage, match="per operator"):
            make(tx, "vat", asked_for(date(2026, 11, 1), date(2026, 11, 30), None))


def test_the_vat_summary_tells_where_every_receipt_is_told(town: Town) -> None:
    for n in range(2):
        receipted(town, f"30A-00{n}.11")
    handed_over(town, receipted(town, "30A-222.22"))
    table = file(town)
    late = receipted(town, "30A-333.33")
    asked(town, late)
    with town.house.databases.read() as tx:
        november = vat_summary(tx, operator(town), NOVEMBER)
        december = vat_summary(tx, operator(town), DECEMBER)
    for report in (november, december):
        check(report)
    told = {row[0]: row[1:] for row in rows(november, "sold_by_told")}
    assert told["table"] == (2, 46_296, 3_704, 50_000)
    assert told["table"][3] == table.gross
    assert told["invoice"] == (1, 23_148, 1_852, 25_000)
    assert [row[0] for row in rows(december, "sold_by_told")] == ["asked"]


def test_changes_stand_apart_and_lessen_the_tax_of_the_month_they_happened_in(town: Town) -> None:
    receipt = receipted(town)
    town.clock.now = FILING
    give_back(town, receipt, 10_000)
    changed(town)
    with town.house.databases.read() as tx:
        december = vat_summary(tx, operator(town), DECEMBER)
    check(december)
    assert rows(december, "result") == [("deduction", "8%", 0, -9_259, -9_259, 0, -741, -741)]
    assert rows(december, "changed_by_told") == [("nowhere", 1, -9_259, -741, -10_000)]


def test_each_method_and_dated_rate_is_a_line_of_its_own(town: Town) -> None:
    town.clock.now = datetime(2026, 12, 30, 2, tzinfo=UTC)
    receipted(town, "30A-111.11")
    town.clock.now = datetime(2027, 1, 2, 2, tzinfo=UTC)
    receipted(town, "30A-222.22")
    with town.house.databases.write.begin() as tx:
        set_method(tx, operator(town), "direct", date(2027, 1, 3), "person:lan", town.now)
    town.clock.forward(days=1)
    receipted(town, "30A-333.33")
    with town.house.databases.read() as tx:
        days = asked_for(date(2026, 12, 1), date(2027, 1, 31))
        report = make(tx, "vat", Asked(days.since, days.until, days.operator, town.now))
    lines = {row[:2]: row[2:] for row in rows(report, "sold_by_rate")}
    assert lines == {
        ("deduction", "8%"): (1, 23_148, 1_852, 25_000),
        ("deduction", "10%"): (1, 22_727, 2_273, 25_000),
        ("direct", ""): (1, 25_000, 0, 25_000),
    }
