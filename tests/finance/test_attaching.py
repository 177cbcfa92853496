"""Money in suspense is attached by a person, from suggestions; the day's figures then name the lot."""

from __future__ import annotations

from sqlalchemy import select

from parking.reports.daily import city_day
from payments.db import business_day
from payments.models import Movement, Payment
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from reconciliation.invariants import check
from reconciliation.running import keep_current
from tests.driver.kit import plain, session_path
from tests.finance.conftest import Desk

QUEUE = "/finance/unmatched?lang=en"


def loose(desk: Desk, amount: int, ref: str = "FT-LOOSE") -> Movement:
    """A transfer without a code came in."""
    town = desk.town
    fact = MovementFact(MovementKind.RECEIPT, ref, amount, "VND", town.now)
    with town.house.databases.write.begin() as tx:
        told = Told(f"in-{ref}", None, Status.PAID, town.now, (fact,))
        record(tx, town.account(), told, town.now, source="webhook")
        return tx.scalars(select(Movement).where(Movement.rail_ref == ref)).one()


def waiting(desk: Desk) -> Payment:
    """A driver who left for the bank and paid without the code."""
    session = desk.town.arrive("30E-777.77")
    desk.town.clock.forward(minutes=40)
    return desk.town.checkout(session)


def attach(desk: Desk, money: Movement, status: int = 303, **form: str) -> str:
    given = {"reason": "Khách cho xem lệnh chuyển"} | form
    answer = desk.browser.post(f"/finance/unmatched/{money.id}", page=QUEUE, **given)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return plain(answer)


def test_a_payment_of_the_same_amount_and_time_is_suggested_and_not_chosen(desk: Desk) -> None:
    payment = waiting(desk)
    desk.town.clock.forward(minutes=5)
    loose(desk, payment.amount)
    loose(desk, payment.amount + 1, "FT-OTHER")
    desk.sit()
    page = desk.read(QUEUE)
    assert page.count(f'name="code" value="{payment.code}"') == 1
    assert f'value="{payment.code}" checked' not in page
    assert "1 suggestions" in page
    assert "30E-777.77" in page


def test_what_was_begun_long_before_or_is_paid_is_not_suggested(desk: Desk) -> None:
    payment = waiting(desk)
    desk.town.clock.forward(minutes=31)
    loose(desk, payment.amount)
    loose(desk, desk.payment.amount, "FT-PAID")
    desk.sit()
    assert "suggestions" not in desk.read(QUEUE)


def test_attached_money_pays_leaves_the_queue_and_names_the_lot(desk: Desk) -> None:
    town, payment = desk.town, waiting(desk)
    town.clock.forward(minutes=5)
    money = loose(desk, payment.amount)
    keep_current(town.house.databases.write, town.now)
    desk.sit()
    attach(desk, money, code=payment.code)
    assert "All money is matched" in desk.read(QUEUE)
    way = plain(desk.browser.get(f"/finance/trace?q={money.id}&lang=en"))
    assert f"Attached to payment {payment.code}: Khách cho xem lệnh chuyển" in way
    assert "Booked: debit suspense, credit parking fees collected" in way
    assert "30E-777.77" in way
    assert "Counted in the total of lot HK01" in way
    with town.house.databases.read() as tx:
        assert tx.get_one(Payment, payment.id).state == "paid"
        assert list(check(tx)) == []
        day = city_day(tx, business_day(town.now), town.now, None)
    assert {row.number: row.figures.gross for row in day.by_lot}["HK01"] == (
        payment.amount + desk.payment.amount
    )


def test_the_driver_sees_attached_money_as_paid(desk: Desk) -> None:
    town = desk.town
    session = town.arrive("30E-888.88")
    town.clock.forward(minutes=40)
    payment = town.checkout(session)
    desk.sit()
    attach(desk, loose(desk, payment.amount), typed=payment.code.lower())
    page = plain(desk.browser.get(session_path(town, session) + "?lang=en"))
    assert "You may leave until" in page


def test_a_form_that_cannot_be_done_is_explained_and_kept(desk: Desk) -> None:
    payment = waiting(desk)
    money = loose(desk, payment.amount)
    desk.sit()
    assert "There is no payment —" in attach(desk, money, 404)
    assert "There is no payment PKX" in attach(desk, money, 404, typed="PKX")
    assert "how you know" in attach(desk, money, 400, code=payment.code, reason=" ")
    attach(desk, money, code=payment.code)
    answer = desk.browser.post(
        f"/finance/unmatched/{money.id}", page="/password", code=payment.code, reason="once more"
    )
    assert answer.status_code == 409


def test_money_of_another_operator_is_not_attached(desk: Desk) -> None:
    payment = waiting(desk)
    money = loose(desk, payment.amount)
    desk.sit("thang-long")
    answer = desk.browser.post(
        f"/finance/unmatched/{money.id}", page="/password", code=payment.code, reason="because"
    )
    assert answer.status_code == 404


def test_an_administrator_reads_and_does_not_attach(desk: Desk) -> None:
    loose(desk, 5_000)
    desk.sit(role="admin")
    assert "Attach to a payment" not in desk.read(QUEUE)
