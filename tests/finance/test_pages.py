"""The pages of finance, in a real browser session on real databases."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select, text

from parking.finance.day_pages import LISTED
from payments.db import business_day
from payments.models import Movement
from payments.provider import MovementFact, MovementKind, Notice, Status
from payments.service import record
from reconciliation.models import Break, StatementLine
from tests.finance.conftest import Desk, differ, settle


def test_the_month_shows_its_days_and_their_sums(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    page = desk.read("/finance/?month=2026-11&lang=en")
    assert "/finance/day/2026-11-20" in page
    assert f"VND\u00a0{desk.payment.amount + desk.other.amount:,}" in page
    assert "Complete" in page


def test_an_empty_month_says_so(desk: Desk) -> None:
    desk.sit()
    assert "No figures for this month yet" in desk.read("/finance/?month=2026-01&lang=en")


@pytest.mark.parametrize("month", ["2026-13", "soon", "2026-1", "99999-01"])
def test_a_month_that_is_none_is_explained(desk: Desk, month: str) -> None:
    desk.sit()
    assert "2026-11" in desk.read(f"/finance/?month={month}", 400)


@pytest.mark.parametrize("day", ["2026-02-30", "soon", "20261120x"])
def test_a_day_that_is_none_is_not_found(desk: Desk, day: str) -> None:
    desk.sit()
    desk.read(f"/finance/day/{day}", 404)


def test_the_day_states_the_figure_as_the_city_does(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    vietnamese = desk.read("/finance/day/2026-11-20")
    total = f"{desk.payment.amount + desk.other.amount:,}".replace(",", ".")
    assert f"2 giao dịch không dùng tiền mặt, {total}\u00a0₫" in vietnamese
    assert "25.418" in vietnamese
    english = desk.read("/finance/day/2026-11-20?lang=en")
    assert "2 cashless transactions" in english
    assert "Công ty Cổ phần Bãi xe Hoàn Kiếm" in english
    assert "HK01 · Bãi xe Trần Quang Khải" in english
    assert "No differences" in english


def test_a_difference_opens_to_its_two_sides(desk: Desk) -> None:
    town = desk.town
    today = business_day(town.now)
    town.driver_of(town.account()).plant(
        today, "wrong_amount", order=desk.payment.code, amount=desk.payment.amount + 1_000
    )
    settle(town, nights=1)
    desk.sit()
    with town.house.databases.read() as tx:
        difference = tx.scalars(select(Break)).one()
    assert f"/finance/break/{difference.id}" in desk.read("/finance/day/2026-11-20")
    page = desk.read(f"/finance/break/{difference.id}?lang=en")
    assert f"VND\u00a0{desk.payment.amount:,}" in page
    assert f"VND\u00a0{desk.payment.amount + 1_000:,}" in page
    assert "VND\u00a01,000" in page
    assert desk.payment.code in page
    assert "30A-123.45" in page
    assert page.count('class="differs"') == 1


def test_a_payout_that_the_bank_does_not_show_opens_to_the_announcement(desk: Desk) -> None:
    town = desk.town
    settle(town, nights=1)
    with town.house.databases.write.begin() as tx:
        payout = tx.scalars(
            select(StatementLine).where(
                StatementLine.kind == "payout", StatementLine.account_id == town.account().id
            )
        ).one()
        difference = Break(
            leg="bank",
            account_id=payout.account_id,
            day=payout.book_day,
            kind="missing_external",
            payout_id=payout.id,
            difference=payout.gross,
            currency="VND",
            opened_at=town.now,
        )
        tx.add(difference)
    desk.sit()
    page = desk.read(f"/finance/break/{difference.id}?lang=en")
    assert "The provider announced" in page
    assert "The bank says" in page
    assert (payout.rail_ref or "?") in page
    assert f"VND\u00a0{-payout.gross:,}" in page
    assert f"VND\u00a0−{-payout.gross:,}" in page


def test_finance_of_one_operator_sees_only_that_operator(desk: Desk) -> None:
    town = desk.town
    town.driver_of(town.account()).plant(
        business_day(town.now), "missing_line", order=desk.payment.code
    )
    settle(town)
    with town.house.databases.read() as tx:
        difference = tx.scalars(select(Break)).one()
    desk.sit("thang-long")
    month = desk.read("/finance/?month=2026-11&lang=en")
    assert f"VND\u00a0{desk.other.amount:,}" in month
    assert f"VND\u00a0{desk.payment.amount + desk.other.amount:,}" not in month
    day = desk.read("/finance/day/2026-11-20?lang=en")
    assert "1 cashless transactions" in day
    assert "Hoàn Kiếm" not in day.replace("Phường Hoàn Kiếm", "")
    assert "No differences" in day
    desk.read(f"/finance/break/{difference.id}", 404)
    desk.read(f"/finance/trace?q={desk.payment.code}", 404)
    desk.read(f"/finance/trace?q={desk.other.code}")
    csv = desk.browser.get("/finance/day/2026-11-20/report.csv").get_data(as_text=True)
    assert "HK01" not in csv
    assert "DD01" in csv


def test_money_that_fits_nothing_waits_in_the_queue(desk: Desk) -> None:
    town = desk.town
    desk.sit()
    assert "All money is matched" in desk.read("/finance/unmatched?lang=en")
    fact = MovementFact(MovementKind.RECEIPT, "SBX-STRAY", 7_000, "VND", town.now)
    told = Notice("stray-1", "PK-NOT-OURS", Status.PAID, town.now, (fact,))
    with town.house.databases.write.begin() as tx:
        record(tx, town.account(), told, town.now, source="webhook")
    page = desk.read("/finance/unmatched?lang=en")
    assert "SBX-STRAY" in page
    assert "PK-NOT-OURS" in page
    assert "VND\u00a07,000" in page
    with town.house.databases.read() as tx:
        stray = tx.scalars(select(Movement).where(Movement.rail_ref == "SBX-STRAY")).one()
    assert "debit owed by provider" in desk.read(f"/finance/trace?q={stray.id}&lang=en")


def test_the_queue_of_one_operator_hides_the_money_of_another(desk: Desk) -> None:
    town = desk.town
    fact = MovementFact(MovementKind.RECEIPT, "SBX-STRAY", 7_000, "VND", town.now)
    told = Notice("stray-1", None, Status.PAID, town.now, (fact,))
    with town.house.databases.write.begin() as tx:
        record(tx, town.account(), told, town.now, source="webhook")
    desk.sit("thang-long")
    assert "SBX-STRAY" not in desk.read("/finance/unmatched")


def test_the_trace_page_shows_the_whole_way(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    page = desk.read(f"/finance/trace?q={desk.payment.code.lower()}&lang=en")
    for words in ("Scanned the sign of lot HK01", "30A-123.45 entered", "Price offered", "Money received",
                  "Matched by", "Payout announced", "bank file", "Counted in the total"):  # fmt: skip
        assert words in page


def test_an_unknown_key_is_answered_on_the_page(desk: Desk) -> None:
    desk.sit()
    assert "Accepted are" in desk.read("/finance/trace?q=nothing&lang=en", 404)
    assert "Follow any amount" in desk.read("/finance/trace?lang=en")


def tamper(engine: Engine) -> None:
    """Make a stored net wrong, past the check of the database that forbids it."""
    wrong = text("UPDATE day_total SET net = net + 9000 WHERE cost_centre = 'HK01'")
    named = text("SELECT conname FROM pg_constraint WHERE conname LIKE 'ck_day_total%foots'")
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("PRAGMA ignore_check_constraints = ON"))
            connection.execute(wrong)
            connection.execute(text("PRAGMA ignore_check_constraints = OFF"))
        else:
            name = connection.execute(named).scalar_one()
            connection.execute(text(f"ALTER TABLE day_total DROP CONSTRAINT {name}"))
            connection.execute(wrong)


def test_a_report_that_does_not_add_up_is_refused_with_its_rows(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    tamper(desk.town.house.databases.engine)
    page = desk.read("/finance/day/2026-11-20?lang=en", 409)
    assert "does not add up" in page
    assert "gross" in page
    desk.read("/finance/day/2026-11-20/report.csv", 409)


def test_an_administrator_may_look_but_not_give_money_back(desk: Desk) -> None:
    desk.sit(role="admin")
    assert f"{desk.payment.code}/refund" not in desk.read(f"/finance/trace?q={desk.payment.code}")
    answer = desk.browser.post(
        f"/finance/payments/{desk.payment.code}/refund", page="/password", amount="1000"
    )
    assert answer.status_code == 403


def test_of_thousands_of_differences_the_first_stand_on_the_day(desk: Desk) -> None:
    settle(desk.town)
    differ(desk, LISTED + 11)
    desk.sit()
    page = desk.read("/finance/day/2026-11-20?lang=en")
    assert page.count('href="/finance/break/') == LISTED
    assert "11 more stand on the page of differences" in page
