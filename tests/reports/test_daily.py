"""The daily report: one figure, three ways down to the lots, the same bytes everywhere."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from parking.commands.report import report
from parking.lots.models import Lot
from parking.reports.daily import ClassRow, _check_classes, city_day
from parking.reports.files import as_csv, as_json_bytes
from payments.errors import NotFound
from reconciliation.reports.figures import Figures
from reconciliation.reports.footing import DoesNotFoot
from tests.finance.conftest import Desk, desk
from tests.kit import Town
from tests.trace.conftest import Paid, paid, settle

__all__ = ["desk", "paid"]

DAY = date(2026, 11, 20)


def run(town: Town, *words: str) -> Result:
    return CliRunner().invoke(report, ["daily", *words], obj=lambda: town.house)


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_page_and_the_command_give_the_same_bytes_whenever(desk: Desk, tmp_path: Path) -> None:
    settle(desk.town)
    desk.sit()
    downloaded = desk.browser.get("/finance/day/2026-11-20/report.csv")
    assert downloaded.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert "parking-2026-11-20.csv" in downloaded.headers["Content-Disposition"]
    desk.town.clock.forward(minutes=7)
    out = tmp_path / "daily.csv"
    arguments = ("--date", "2026-11-20", "--format", "csv", "--out", str(out))
    assert run(desk.town, *arguments).exit_code == 0
    assert out.read_bytes() == downloaded.data
    english = desk.browser.get("/finance/day/2026-11-20/report.csv?lang=en")
    assert english.data == downloaded.data


def test_before_the_first_comparison_the_bytes_are_the_same_too(paid: Paid) -> None:
    town = paid.town
    first = run(town, "--date", "2026-11-20", "--format", "csv").stdout_bytes
    town.clock.forward(hours=3)
    assert run(town, "--date", "2026-11-20", "--format", "csv").stdout_bytes == first
    assert rows(first)[0]["count"] == "0"
    assert rows(first)[0]["as_of"] == ""


def test_every_level_of_the_file_adds_up_to_its_total(paid: Paid) -> None:
    settle(paid.town)
    content = run(paid.town, "--date", "2026-11-20", "--format", "csv").stdout_bytes
    assert content.startswith(b"\xef\xbb\xbf")
    table = rows(content)
    levels = {name: [row for row in table if row["level"] == name] for name in
              ("total", "account", "lot", "lot_class")}  # fmt: skip
    assert [len(found) for found in levels.values()] == [1, 2, 2, 2]
    gross = paid.payment.amount + paid.other.amount
    for found in levels.values():
        assert sum(int(row["gross"]) for row in found) == gross
        assert sum(int(row["net"]) for row in found) == int(levels["total"][0]["net"])
    assert {row["name"] for row in levels["lot"]} == {"Bãi xe Trần Quang Khải", "Bãi xe Chùa Bộc"}
    assert {row["vehicle_class"] for row in levels["lot_class"]} == {"car", "motorbike"}


def test_the_json_tells_recorded_confirmed_and_banked_apart(paid: Paid) -> None:
    def told() -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = json.loads(run(paid.town, "--date", "2026-11-20").stdout)
        return found

    gross = paid.payment.amount + paid.other.amount
    settle(paid.town, nights=1)
    after_one_night = told()
    assert after_one_night["recorded"] == {"count": 2, "gross": gross}
    assert after_one_night["confirmed"] == {"count": 2, "gross": gross}
    assert after_one_night["banked"] == {"count": 0, "gross": 0}
    settle(paid.town, nights=1)
    assert told()["banked"] == {"count": 2, "gross": gross}


def test_the_json_has_the_agreed_fields_as_whole_dong(paid: Paid) -> None:
    settle(paid.town)
    told = json.loads(run(paid.town, "--date", "2026-11-20", "--format", "json").stdout)
    assert told["date"] == "2026-11-20"
    assert told["net"] == told["gross"] - told["refunds"] - told["fees"]
    for name in ("count", "gross", "refunds", "fees", "net", "matched", "breaks"):
        assert type(told[name]) is int
        for parts in ("by_account", "by_lot"):
            assert sum(part[name] for part in told[parts]) == told[name]
    assert told["matched"] == 2
    assert set(told["states"].values()) == {"complete"}
    assert "2 giao dịch không dùng tiền mặt, 55.000" in told["figure"]["vi"]
    assert told["figure"]["en"].endswith("(US$2 at the rate of 25,418 of 01/10/2024)")


def test_one_operators_report_holds_only_its_own(paid: Paid) -> None:
    settle(paid.town)
    told = json.loads(run(paid.town, "--date", "2026-11-20", "--operator", "thang-long").stdout)
    assert [part["lot"] for part in told["by_lot"]] == ["DD01"]
    assert told["gross"] == paid.other.amount
    with paid.town.house.databases.read() as tx, pytest.raises(NotFound, match="no operator x"):
        city_day(tx, DAY, paid.town.now, "x")


def test_a_lot_named_like_a_formula_is_only_text(paid: Paid) -> None:
    settle(paid.town)
    databases = paid.town.house.databases
    with databases.write.begin() as tx:
        tx.execute(update(Lot).where(Lot.number == "HK01").values(name='=HYPERLINK("x")'))
    with databases.read() as tx:
        found = city_day(tx, DAY, paid.town.now)
    assert b"'=HYPERLINK" in as_csv(found)
    told = json.loads(as_json_bytes(found))
    assert '=HYPERLINK("x")' in [part["name"] for part in told["by_lot"]]


def test_a_total_that_its_vehicle_classes_do_not_make_is_refused() -> None:
    """The city's own report of phase 2 printed 843,892 over parts that make 834,892."""
    parts = [
        ClassRow("HK01", "parking:motorbike", Figures(count=565_954)),
        ClassRow("HK01", "parking:car", Figures(count=268_938)),
    ]
    _check_classes(Figures(count=834_892), parts)
    with pytest.raises(DoesNotFoot) as refusal:
        _check_classes(Figures(count=843_892), parts)
    for figure in ("565,954", "268,938", "834,892", "843,892"):
        assert figure in str(refusal.value)


def test_a_day_before_the_first_dollar_rate_is_refused_by_name(town: Town) -> None:
    with town.house.databases.read() as tx:
        found = city_day(tx, date(2020, 1, 1), datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(NotFound):
        as_json_bytes(found)


def test_the_file_cannot_be_written_where_nothing_is(paid: Paid) -> None:
    refused = run(paid.town, "--date", "2026-11-20", "--out", "/nowhere/daily.json")
    assert refused.exception is not None
    assert "/nowhere/daily.json" in str(refused.exception)
