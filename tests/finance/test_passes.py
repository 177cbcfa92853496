"""Passes at the desk, and what they are in the day's figures: sales, stays on them, single stays."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from parking.finance.refunds import refundable
from parking.passes.models import Pass
from parking.passes.service import is_settled
from parking.proofs import PROOFS, no_vehicle_holds_two_passes_at_once
from parking.reports.daily import city_day
from parking.reports.files import as_csv, as_json
from parking.reports.stays import added_stays, stays_of
from parking.sessions.exits import Leaving, record_exit
from parking.trace.service import trace
from payments.models import MerchantAccount, Payment
from payments.refunds import RefundRequest, ask
from reconciliation import totals
from tests.driver.kit import plain, state_of
from tests.kit import Town
from tests.passes.kit import DAY, MONTH, OTHER, PLATE, bought, fresh, pay_for, sold
from tests.web.kit import Browser

TODAY = date(2026, 11, 20)


def desk(town: Town, role: str) -> Browser:
    browser = Browser(town.house)
    browser.get("/?lang=en")
    browser.become(role)
    return browser


def counted(town: Town) -> None:
    """The day's figures are added up."""
    with town.house.databases.write.begin() as tx:
        for account in tx.scalars(select(MerchantAccount)):
            totals.refresh(tx, account.id, TODAY, town.now)


def leave(town: Town, plate: str) -> None:
    stay = town.arrive(plate, "motorbike")
    with town.house.databases.write.begin() as tx:
        record_exit(tx, stay.id, Leaving("person:hoa", town.now), town.now)


def test_pass_sales_pass_stays_and_single_stays_are_told_apart(town: Town) -> None:
    bought(town)
    single = town.arrive(OTHER, "motorbike")
    town.pay(single)
    leave(town, OTHER)
    for _ in range(2):
        leave(town, PLATE)
    counted(town)
    with town.house.databases.read() as tx:
        found = city_day(tx, TODAY, town.now)
        stays = stays_of(tx, TODAY)
        assert stays_of(tx, TODAY, "thang-long") == []
    sales = {row.product: row.figures.gross for row in found.by_class}
    assert sales == {"parking:motorbike": 5_000, "pass:motorbike:full": MONTH}
    assert sum(sales.values()) == found.total.gross
    assert [(row.number, row.single, row.on_pass, row.together) for row in stays] == [
        ("HK01", 1, 2, 3)
    ]
    assert added_stays(stays).together == 3
    csv = as_csv(found).decode("utf-8-sig")
    assert ",pass,motorbike,full," in csv
    assert ",parking,motorbike,," in csv
    rows = as_json(found)["by_lot_class"]
    assert isinstance(rows, list)
    assert [(row["service"], row["hours"]) for row in rows] == [("parking", ""), ("pass", "full")]
    page = plain(desk(town, "finance").get("/finance/day/2026-11-20"))
    assert "Monthly passes: Motorbike, 24 hours" in page
    assert "HK01 · Bãi xe Trần Quang Khải 1 2 3" in page


def test_finance_finds_and_cancels_a_pass(town: Town) -> None:
    held, browser = bought(town), desk(town, "finance")
    assert "29-G1 123.45" in plain(browser.get("/finance/passes"))
    assert "29-G1 123.45" in plain(browser.get(f"/finance/passes?q={held.number}"))
    assert "No pass found" in plain(browser.get("/finance/passes?q=99999"))
    page = f"/finance/passes/{held.id}"
    refused = browser.post(f"{page}/cancel", page=page, reason=" ")
    assert (refused.status_code, "reason in 3 to 300" in plain(refused)) == (400, True)
    assert browser.post(f"{page}/cancel", page=page, reason="sold twice").location == page
    assert state_of(browser.get(page)) == "cancelled"
    assert fresh(town, held.id).cancelled_by is not None
    assert browser.get("/finance/passes/new/HK01").status_code == 403


def test_an_administrator_sells_at_any_lot(town: Town) -> None:
    browser = desk(town, "admin")
    counter = "/finance/passes/new/DD01"
    wish = {"plate": PLATE, "kind": "motorbike:day:regular", "since": "2026-11-20", "months": "3"}
    sold_at = browser.post(counter, page=counter, **wish)
    assert "390,000" in plain(browser.get(sold_at.location))


def test_a_pass_is_traced_from_its_own_id_to_the_figure(town: Town) -> None:
    held = bought(town)
    counted(town)
    with town.house.databases.read() as tx:
        for query in (held.reference, held.token):
            found = trace(tx, query)
            said = [step.sentence for step in found.steps]
            assert (found.found, said[0]) == ("pass", "Pass %(number)s from %(since)s to %(until)s")
            assert said[-1] == "Counted in the passes of lot %(lot)s · %(vehicle)s"


def test_what_is_too_much_for_a_pass_is_told_apart_from_its_price(town: Town) -> None:
    held = bought(town)
    tariffs = town.house.tariffs
    with town.house.databases.read() as tx:
        assert refundable(tx, tariffs, "PKTEST1", None, town.now).excess == 0
    pay_for(town, held)
    with town.house.databases.read() as tx:
        assert refundable(tx, tariffs, "PKTEST2", None, town.now).excess == MONTH


def test_a_part_of_the_price_given_back_lowers_it_and_the_pass_stays_paid(town: Town) -> None:
    held = bought(town)
    with town.house.databases.write.begin() as tx:
        payment = tx.scalars(select(Payment)).one()
        request = RefundRequest(payment.id, 50_000, "charge", "goodwill", "person:an", "k" * 32)
        ask(tx, request, town.now)
    with town.house.databases.read() as tx:
        assert is_settled(tx, held)
    assert town.arrive(PLATE, "motorbike").pass_id == held.id


def test_every_proof_holds_over_passes_and_a_second_pass_is_found(town: Town) -> None:
    bought(town)
    sold(town, OTHER, DAY)
    with town.house.databases.read() as tx:
        assert [violation for proof in PROOFS for violation in proof(tx)] == []
    with town.house.databases.write.begin() as tx:
        for held in tx.scalars(select(Pass)):
            held.plate_key = "29G112345"
        tx.flush()
        assert len(list(no_vehicle_holds_two_passes_at_once(tx))) == 1
