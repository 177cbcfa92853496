"""The city's volume: every split makes the same figure, and what others report is part of none."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from parking.finance.month import Month, days_of
from parking.reports.asked import Asked
from parking.reports.daily import city_day
from parking.reports.elsewhere import take_in
from parking.reports.figure import city_sentence
from parking.reports.files import as_json
from parking.reports.kinds import make
from parking.reports.written import FORMATS, written
from parking.sessions.models import ParkingSession
from parking.watch.stay_days import keep_stays
from payments.db import business_day
from payments.errors import WrongUsage
from payments.money import Money
from payments.provider import MovementFact, MovementKind, Notice, Status
from payments.service import record
from reconciliation.rebuilding import keep_spans
from reconciliation.reports.footing import DoesNotFoot, check
from reconciliation.reports.table import Column, Kind, Report, Table
from reconciliation.running import keep_current
from tests.kit import Town

ETC = """nguồn,ngày,loại xe,số lượt,số tiền
VETC,2026-11-20,car,1200,36000000
ePass,2026-11-20,car,800,24000000
"""


@pytest.fixture
def paid(town: Town) -> Town:
    """Three cars paid today, one of them refunded nothing; added up."""
    sessions = [town.arrive(f"30A-123.4{digit}") for digit in range(3)]
    town.clock.forward(hours=2)
    for session in sessions:
        town.pay(session)
    keep_current(town.house.databases.write, town.now)
    return town


def asked(town: Town, days: int = 0) -> Asked:
    today = business_day(town.now)
    return Asked(today - timedelta(days=days), today, None, town.now)


def report(town: Town, days: int = 0) -> Report:
    with town.house.databases.read() as tx:
        return make(tx, "city", asked(town, days))


def row(found: Report, name: str, *labels: str) -> dict[str, object]:
    """A row of a table by its first cells."""
    table = found.table(name)
    keys = [column.key for column in table.columns]
    (one,) = [cells for cells in table if tuple(cells[: len(labels)]) == labels]
    return dict(zip(keys, one, strict=True))


def test_the_figure_is_the_same_whichever_way_it_is_split(paid: Town) -> None:
    found = report(paid)
    figure = row(found, "figure")
    assert (figure["cashless_count"], figure["cash_count"], figure["cashless_share"]) == (
        3,
        0,
        1000,
    )
    for name in ("by_month", "by_provider", "by_class", "by_ward", "by_district", "busiest"):
        totals = dict(
            zip(
                [c.key for c in found.table(name).columns],
                found.table(name).totals or (),
                strict=True,
            )
        )
        assert totals["cashless_gross"] == figure["cashless_gross"]
    assert row(found, "by_class", "parking", "car")["cashless_count"] == 3


def stray(town: Town, amount: int = 1_234_000) -> None:
    """A provider's payout came in on the operator's own account: it names no payment."""
    fact = MovementFact(MovementKind.RECEIPT, "FT1", amount, "VND", town.now)
    with town.house.databases.write.begin() as tx:
        told = Notice("FT1", None, Status.PAID, town.now, (fact,))
        record(tx, town.account(), told, town.now, source="webhook")
    keep_current(town.house.databases.write, town.now)


def test_money_without_a_payment_is_no_payment_for_parking_and_stands_apart(paid: Town) -> None:
    before = report(paid)
    gross = row(before, "figure")["cashless_gross"]
    stray(paid)
    found = report(paid)
    assert row(found, "figure") == row(before, "figure")
    for name in ("by_month", "by_provider", "by_class", "by_ward", "by_district", "busiest"):
        assert list(found.table(name)) == list(before.table(name))
    apart = found.table("recorded")
    assert list(apart) == [("cashless", 3, gross), ("cash", 0, 0), ("unattached", 1, 1_234_000)]
    assert apart.totals == (None, 4, 1_234_000 + int(str(gross)))
    paid.clock.forward(days=40)
    keep_spans(paid.house.databases.write, paid.now)
    assert list(report(paid, days=40).table("recorded")) == list(apart)


def test_the_day_its_files_and_the_month_announce_no_money_without_a_payment(paid: Town) -> None:
    day = business_day(paid.now)
    stray(paid)
    with paid.house.databases.read() as tx:
        found = city_day(tx, day, paid.now)
        (of_month,) = days_of(tx, Month(day.replace(day=1)), None)
        compared = make(tx, "daily", asked(paid))
    assert (found.cashless.count, found.unattached.count, found.total.count) == (3, 1, 4)
    assert found.cashless.gross + found.unattached.gross == found.total.gross
    assert "3 cashless transactions" in city_sentence(found, "en")
    told = as_json(found)
    assert told["unattached"] == {"count": 1, "gross": 1_234_000}
    assert told["cashless"] == {"count": 3, "gross": found.cashless.gross}
    assert of_month.figures.count == 3
    assert of_month.figures.gross == found.cashless.gross
    assert (of_month.figures.unattached_count, of_month.figures.unattached) == (1, 1_234_000)
    assert list(compared.table("recorded")) == [
        ("payments", 3, found.cashless.gross),
        ("unattached", 1, 1_234_000),
    ]


def test_stays_are_told_with_the_figure_and_in_every_split_but_that_of_providers(
    paid: Town,
) -> None:
    with paid.house.databases.write.begin() as tx:
        for session in tx.scalars(select(ParkingSession)):
            session.exit_at = session.exit_recorded_at = paid.now
    assert keep_stays(paid.house.databases.write, paid.now) == 1
    found = report(paid)
    figure = row(found, "figure")
    assert figure["stays"] == 3
    assert list(found.table("stays")) == [(3, 0, 0, 3)]
    assert row(found, "by_class", "parking", "car")["stays"] == 3
    (ward,) = found.table("by_ward")
    assert ward[1] == 3
    assert "stays" not in {column.key for column in found.table("by_provider").columns}


def test_years_are_read_by_month_and_say_the_same(paid: Town) -> None:
    before = report(paid, days=400)
    paid.clock.forward(days=40)
    keep_spans(paid.house.databases.write, paid.now)
    after = report(paid, days=440)
    assert row(after, "figure")["cashless_gross"] == row(before, "figure")["cashless_gross"]
    month = date(2026, 11, 1)
    assert [cells[0] for cells in after.table("by_month")] == [month]
    cumulative = next(iter(after.table("by_month")))
    assert cumulative[-2:] == (3, row(after, "figure")["cashless_gross"])


def test_a_lot_that_takes_nothing_is_silent_and_one_that_does_is_not(paid: Town) -> None:
    silent = {cells[0] for cells in report(paid).table("silent")}
    busy = {cells[0] for cells in report(paid).table("busiest")}
    assert silent
    assert busy
    assert not silent & busy


def test_what_others_report_stands_beside_the_figure_and_in_no_sum(paid: Town) -> None:
    before = row(report(paid), "figure")
    with paid.house.databases.write.begin() as tx:
        assert take_in(tx, "etc.csv", ETC.encode("utf-8-sig"), "lan", paid.now) == 2
        assert take_in(tx, "again.csv", ETC.encode("utf-8-sig"), "lan", paid.now) == 0
    found = report(paid)
    assert row(found, "figure") == before
    assert row(found, "reported", "VETC", "car")["reported_count"] == 1200
    assert found.table("reported").whole == ""


def test_a_later_list_about_the_same_day_replaces_the_earlier_word(paid: Town) -> None:
    with paid.house.databases.write.begin() as tx:
        take_in(tx, "etc.csv", ETC.encode(), "lan", paid.now)
        take_in(tx, "etc2.csv", ETC.replace("1200", "1250").encode(), "lan", paid.now)
    assert row(report(paid), "reported", "VETC", "car")["reported_count"] == 1250


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        (ETC.replace("số lượt", "?"), "no column số lượt"),
        (ETC.replace("1200", "1.200"), "Line 2 cannot be read"),
        (ETC.replace("2026-11-20", "20/11/2026"), "Line 2 cannot be read"),
        (ETC.replace("ePass", "VETC"), "Line 3 says again what line 2 says"),
        (ETC.replace("car", "spaceship"), "Line 2 needs who reports"),
        (ETC.replace("2026-11-20", "2031-01-01"), "Line 2 tells of the future"),
        (ETC.replace("1200", "-5"), "Line 2 tells of the future or of an amount"),
        (ETC.splitlines()[0], "no line"),
        ("", "no column"),
    ],
)
def test_a_list_that_cannot_be_believed_is_refused_whole(
    paid: Town, spoilt: str, told: str
) -> None:
    with pytest.raises(WrongUsage, match=told), paid.house.databases.write.begin() as tx:
        take_in(tx, "etc.csv", spoilt.encode(), "lan", paid.now)
    assert list(report(paid).table("reported")) == []


def test_the_same_figures_give_the_same_bytes_in_every_format(paid: Town) -> None:
    for name in FORMATS:
        assert written(report(paid), name, "vi") == written(report(paid), name, "vi")
    plain = json.loads(written(report(paid), "json", "en"))
    assert plain["kind"] == "city"


def test_the_published_mistake_of_the_second_phase_is_refused() -> None:
    """565,954 + 268,938 = 834,892; the city printed 843,892."""
    columns = (Column("vehicle", "Vehicle"), Column("count", "Payments", Kind.COUNT, adds_up=True))
    rows = [("motorbike", 565_954), ("car", 268_938)]
    table = Table("by_class", "By class", columns, rows, (None, 843_892), ("vehicle",), "recorded")
    told = Report("city", "City", (), None, (table,))
    with pytest.raises(DoesNotFoot, match=r"565,954 .* 268,938 make 834,892, .* 843,892 .* 9,000"):
        check(told)
    check(replace(told, tables=(replace(table, totals=(None, 834_892)),)))
    assert Money(834_892).amount == 565_954 + 268_938
