"""Every report on both databases: it foots, ties to the books, and says what is not certain yet."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

from parking.lots.models import Operator
from parking.people.service import NewPerson, add_person
from parking.reports.asked import Asked
from parking.reports.kinds import KINDS, make
from parking.reports.refunded import LISTED
from parking.reports.speech import speak
from parking.reports.written import every_rendering
from parking.sessions import paid_twice
from payments.book_days import CLOSED, BookDay
from payments.errors import NotFound, WrongUsage
from payments.ledger import balances
from payments.models import Movement, Notice, Payment, Transfer
from payments.refund_tasks import propose
from payments.refunds import RefundRequest
from reconciliation.reports.shown import cell_text, sentence_text
from reconciliation.reports.table import Report, Row, Table
from reconciliation.running import keep_current
from tests.kit import Town
from tests.trace.conftest import Paid, paid, settle

__all__ = ["paid"]

DAY = date(2026, 11, 20)


def report(
    town: Town, kind: str, since: date = DAY, days: int = 2, operator: str | None = None
) -> Report:
    asked = Asked(since, since + timedelta(days=days - 1), operator, town.now)
    with town.house.databases.read() as tx:
        return make(tx, kind, asked)


def cells(table: Table, row: Row | None) -> dict[str, object]:
    assert row is not None
    return {column.key: cell for column, cell in zip(table.columns, row, strict=True)}


def total(made: Report, name: str) -> dict[str, object]:
    return cells(made.table(name), made.table(name).totals)


def rows(made: Report, name: str) -> list[dict[str, object]]:
    return [cells(made.table(name), row) for row in made.table(name)]


def test_the_daily_report_has_one_total_whichever_way_it_is_split(paid: Paid) -> None:
    settle(paid.town)
    made = report(paid.town, "daily")
    gross = paid.payment.amount + paid.other.amount
    for name in ("by_operator", "by_provider", "by_lot", "by_day"):
        assert total(made, name)["gross"] == gross
    assert [row["lot"] for row in rows(made, "by_lot")] == ["DD01", "HK01"]
    files = total(made, "files")
    assert (files["their_gross"], files["difference"], files["unexplained"]) == (gross, 0, 0)
    assert files["matched"] == 2
    assert total(made, "bank")["outstanding"] == 0


def test_before_the_files_come_their_absence_explains_the_difference(paid: Paid) -> None:
    keep_current(paid.town.house.databases.write, paid.town.now)
    made = report(paid.town, "daily", days=1)
    gross = paid.payment.amount + paid.other.amount
    files = total(made, "files")
    assert (files["ours"], files["difference"], files["unexplained"]) == (gross, -gross, 0)
    assert {row["reason"] for row in rows(made, "explained")} == {"awaiting"}
    assert total(made, "explained")["number"] == 2


def test_a_report_of_one_operator_has_nothing_of_another(paid: Paid) -> None:
    settle(paid.town)
    made = report(paid.town, "daily", operator="thang-long")
    assert total(made, "by_lot")["gross"] == paid.other.amount
    assert [row["lot"] for row in rows(made, "by_lot")] == ["DD01"]
    assert {told.column.key: told.value for told in made.parameters}["operator"] == "thang-long"
    with pytest.raises(NotFound, match="no operator nobody"):
        report(paid.town, "daily", operator="nobody")


def test_days_that_are_not_closed_stand_above_the_figures(paid: Paid) -> None:
    settle(paid.town)
    said = [sentence_text(one, speak("en")) for one in report(paid.town, "daily").warnings]
    assert (
        "Công ty TNHH Thăng Long: 1 days since 20/11/2026 are not closed (20/11/2026 to 20/11/2026)."
        in said
    )
    long_ago = DAY - timedelta(days=200)
    asked = report(paid.town, "city", since=long_ago, days=201)
    said = [sentence_text(one, speak("en")) for one in asked.warnings]
    (told,) = [one for one in said if "Thăng Long" in one]
    assert "since 21/08/2026" in told
    assert "earlier days stand on the page of closings" in told
    with paid.town.house.databases.write.begin() as tx:
        tx.add(BookDay(operator="thang-long", day=DAY, state=CLOSED, since=paid.town.now))
    said = [sentence_text(one, speak("en")) for one in report(paid.town, "daily").warnings]
    assert not any("Thăng Long" in one for one in said)
    assert any("Hoàn Kiếm" in one for one in said)


def test_the_remittance_statement_ties_to_the_ledger(paid: Paid) -> None:
    settle(paid.town)
    made = report(paid.town, "remittance", days=3)
    with paid.town.house.databases.read() as tx:
        held = sum(b for _, account, _, b in balances(tx) if account.startswith("clearing:"))
        bank = sum(b for _, account, _, b in balances(tx) if account == "bank")
    balance = total(made, "balances")
    assert balance["closing"] == held
    assert balance["opening"] == 0
    assert balance["receipts"] == paid.payment.amount + paid.other.amount
    assert balance["payouts"] == bank
    payouts = rows(made, "payouts")
    assert sum(int(str(row["payouts"])) for row in payouts) == bank
    assert all(row["batch"] and row["bank_reference"] for row in payouts)


def test_what_was_held_before_is_where_the_next_statement_begins(paid: Paid) -> None:
    settle(paid.town)
    first = total(report(paid.town, "remittance", days=1), "balances")
    second = total(
        report(paid.town, "remittance", since=DAY + timedelta(days=1), days=1), "balances"
    )
    assert second["opening"] == first["closing"] != 0


def of_any_kind(town: Town, kind: str) -> Report:
    """Two days of all operators; where taxes are told of, the month of one."""
    if kind not in ("form-01", "vat"):
        return report(town, kind)
    with town.house.databases.read() as tx:
        code = tx.scalars(select(Operator.code).order_by(Operator.code)).first()
    return report(town, kind, since=DAY.replace(day=1), days=30, operator=code)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_alike_every_time(paid: Paid, kind: str) -> None:
    settle(paid.town)
    first = dict(every_rendering(of_any_kind(paid.town, kind)))
    paid.town.clock.forward(minutes=3)
    assert dict(every_rendering(of_any_kind(paid.town, kind))) == first
    assert len(first) == 8


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_on_an_empty_book(town: Town, kind: str) -> None:
    assert dict(every_rendering(of_any_kind(town, kind)))


def test_a_period_that_makes_no_sense_is_refused(town: Town) -> None:
    with pytest.raises(WrongUsage, match="ends on 2026-11-19, before it begins on 2026-11-20"):
        report(town, "refunds", days=0)
    with pytest.raises(WrongUsage, match="begins on 2026-11-21, which is after today"):
        report(town, "refunds", since=DAY + timedelta(days=1))
    with pytest.raises(WrongUsage, match="has 200 days; this report covers at most 92"):
        report(town, "daily", since=DAY - timedelta(days=199), days=200)
    with pytest.raises(NotFound, match=r"no report magic; there are .*daily, remittance"):
        report(town, "magic")


@pytest.mark.parametrize("kind", KINDS)
def test_no_report_loads_a_payment(paid: Paid, kind: str) -> None:
    """What a report must know of a payment it asks the database, so it costs days, lots and rows."""
    town = paid.town
    asked = RefundRequest(paid.payment.id, 5_000, "charge", "lot was closed", "person:an", "k1")
    with town.house.databases.write.begin() as tx:
        propose(tx, asked, town.now)
    settle(town)
    loaded: list[object] = []

    def seen(row: object, _context: object) -> None:
        loaded.append(row)

    for table in (Payment, Movement, Notice, Transfer):
        event.listen(table, "load", seen)
    try:
        assert dict(every_rendering(of_any_kind(town, kind)))
    finally:
        for table in (Payment, Movement, Notice, Transfer):
            event.remove(table, "load", seen)
    assert loaded == []


def test_whoever_asked_for_a_refund_is_named_as_elsewhere(paid: Paid) -> None:
    town = paid.town
    with town.house.databases.write.begin() as tx:
        add_person(tx, NewPerson("an", "finance", name="Lê Thị An"), town.now)
    for n, by in enumerate(("system:simulate", "person:an")):
        asked = RefundRequest(paid.payment.id, 1_000 + n, "charge", "lot was closed", by, f"k{n}")
        with town.house.databases.write.begin() as tx:
            propose(tx, asked, town.now)
    found = report(town, "refunds").table("list")
    column = found.columns[found.place("asked_by")]
    told = [cell_text(row[found.place("asked_by")], column, speak("vi")) for row in found]
    assert told == ["Hệ thống", "Lê Thị An"]


def test_reasons_the_service_gives_for_refunds_are_said_in_the_readers_language() -> None:
    (column,) = [column for column in LISTED if column.key == "reason"]
    assert cell_text(paid_twice.REASON, column, speak("vi")) == "Đã trả nhiều hơn một lần"
    assert cell_text("Khách đòi lại", column, speak("vi")) == "Khách đòi lại"
