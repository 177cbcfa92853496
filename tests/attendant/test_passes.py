"""Passes at the counter: sold, compared, renewed, re-plated; never for a lot of somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from parking.cards.models import Card
from parking.passes.models import Pass
from parking.shifts.service import open_shift
from payments.models import Payment
from payments.providers.cash import CashProvider
from tests.driver.kit import plain, state_of
from tests.kit import Town
from tests.passes.kit import DAY, OTHER, PLATE, another_lot, bought, charge_by, fresh, pay_for, sold
from tests.shifts.kit import badge_of
from tests.web.kit import Browser

COUNTER = "/attendant/passes/new/HK01"
WISH = {"plate": PLATE, "kind": "motorbike:full:regular", "since": "2026-11-20", "months": "1"}


@pytest.fixture(autouse=True)
def english(hoa: Browser) -> None:
    hoa.get("/?lang=en")


def page_of(held: Pass) -> str:
    return f"/attendant/passes/{held.id}"


def sell(hoa: Browser, **other: object) -> TestResponse:
    return hoa.post(COUNTER, page=COUNTER, **(WISH | other))


def act(hoa: Browser, held: Pass, what: str, **form: str) -> TestResponse:
    return hoa.post(f"{page_of(held)}/{what}", page="/attendant/new/HK01", **form)


def test_a_pass_is_sold_paid_and_found_by_the_last_digits(town: Town, hoa: Browser) -> None:
    at = sell(hoa).location.partition("?")[0]
    page = hoa.get(at)
    assert (state_of(page), "Code for the buyer" in plain(page)) == ("unpaid", True)
    with town.house.databases.read() as tx:
        held = tx.scalars(select(Pass)).one()
    assert held.sold_by == "person:hoa"
    pay_for(town, held)
    assert "PASS until 19/12/2026" in plain(hoa.get(at))
    found = plain(hoa.get("/attendant/passes?q=2345"))
    assert "29-G1 123.45 PASS until 19/12/2026" in found
    assert "No pass found" in plain(hoa.get("/attendant/passes?q=999"))


def test_pupils_get_their_price_from_the_attendant(town: Town, hoa: Browser) -> None:
    charge_by(town, "hn-school")
    assert "Pupils and students" in plain(hoa.get(COUNTER))
    assert sell(hoa, kind="motorbike:day:school").status_code == 303
    with town.house.databases.read() as tx:
        held = tx.scalars(select(Pass)).one()
    assert (held.holder, held.price) == ("school", 52_000)


def test_a_pass_may_be_carried_by_a_card_of_the_lot(town: Town, hoa: Browser) -> None:
    with town.house.databases.write.begin() as tx:
        lot_id = town.lots["HK01"].id
        tx.add(Card(lot_id=lot_id, number=42, made_by="person:hoa", made_at=town.now))
    refused = sell(hoa, card="42")
    assert (refused.status_code, "either a plate or the number" in plain(refused)) == (400, True)
    refused = sell(hoa, plate="", card="43")
    assert "has no card 43 that is in use" in plain(refused)
    assert sell(hoa, plate="", card="#0042").status_code == 303
    with town.house.databases.read() as tx:
        assert tx.scalars(select(Pass)).one().card_id is not None


def test_lots_of_other_people_are_not_sold(town: Town, hoa: Browser) -> None:
    another_lot(town, "HK02", "hn-inner-two-wheel")
    assert hoa.get("/attendant/passes/new/DD01").status_code == 404
    assert sell(hoa, lots="HK02").status_code == 303  # the box of a lot she does not work at
    with town.house.databases.read() as tx:
        held = tx.scalars(select(Pass)).one()
    assert held.lot_id == town.lots["HK01"].id
    theirs = sold(town, OTHER, DAY, lots=("HK02",))
    assert hoa.get(page_of(theirs)).status_code == 404
    assert act(hoa, theirs, "cancel", reason="because").status_code == 404


def test_a_pass_on_two_plates_is_refused_at_the_counter(town: Town, hoa: Browser) -> None:
    held = bought(town)
    refused = sell(hoa, kind="motorbike:day:regular")
    assert refused.status_code == 409
    said = f"29-G1 123.45 already has pass {held.number} until 19/12/2026 at this lot."
    assert said in plain(refused)


def test_a_second_plate_on_a_pass_is_told_apart(town: Town, hoa: Browser) -> None:
    held = bought(town)
    wrong = plain(hoa.get(f"{page_of(held)}?plate=29G167890"))
    assert "This pass is for 29-G1 123.45 only, not for 29-G1 678.90." in wrong
    assert "This pass is for 29-G1 123.45." in plain(hoa.get(f"{page_of(held)}?plate=29g1 12345"))
    assert "only, not for" in plain(hoa.get(f"{page_of(held)}?plate=?"))


def test_a_second_vehicle_inside_reads_who_uses_the_pass(town: Town, hoa: Browser) -> None:
    held = bought(town)
    town.arrive(PLATE, "motorbike")
    act(hoa, held, "plate", plate=OTHER, reason="bought another bike")
    second = town.arrive(OTHER, "motorbike", declared=False, actor="person:hoa")
    check = plain(hoa.get(f"/attendant/sessions/{second.id}"))
    said = f"Pass {held.number} is in use: 29-G1 123.45 is inside on it since 08:00"
    assert said in check
    assert "29-G1 123.45 is inside on this pass since 08:00" in plain(hoa.get(page_of(held)))


def test_the_check_screen_says_that_a_pass_by_day_has_no_nights(town: Town, hoa: Browser) -> None:
    bought(town, kind=DAY)
    stay = town.arrive(PLATE, "motorbike", declared=False, actor="person:hoa")
    text = plain(hoa.get(f"/attendant/sessions/{stay.id}"))
    assert "By day only: a night is paid for by itself." in text


def test_the_check_screen_and_the_list_say_pass_until(town: Town, hoa: Browser) -> None:
    held = bought(town)
    with town.house.databases.write.begin() as tx:
        tx.get_one(Pass, held.id).until = date(2026, 11, 23)
    stay = town.arrive(PLATE, "motorbike", declared=False, actor="person:hoa")
    check = plain(hoa.get(f"/attendant/sessions/{stay.id}"))
    assert "PASS until 23/11/2026" in check
    assert "This pass ends in 3 days." in check
    assert "a night is paid for by itself" not in check
    assert "29-G1 123.45 PASS until 23/11/2026" in plain(hoa.get("/attendant/"))
    renewed = act(hoa, held, "renew", months="2").location
    assert "23/01/2027" in plain(hoa.get(renewed))


def test_a_stay_is_put_on_a_pass_paid_after_it_began(town: Town, hoa: Browser) -> None:
    stay = town.arrive(PLATE, "motorbike", declared=False, actor="person:hoa")
    check = f"/attendant/sessions/{stay.id}"
    held = sold(town)
    assert "is not paid yet, so this stay is paid for" in plain(hoa.get(check))
    pay_for(town, held)
    assert hoa.post(f"{check}/pass", page=check).location == check
    page = hoa.get(check)
    assert (state_of(page), "Stay put on pass" in plain(page)) == ("pass", True)
    assert hoa.post(f"{check}/pass", page=check).status_code == 409


def test_an_attendant_cancels_only_what_nobody_paid(town: Town, hoa: Browser) -> None:
    held, paid = sold(town), bought(town, OTHER)
    assert act(hoa, held, "cancel", reason="wrong plate").status_code == 303
    assert fresh(town, held.id).cancelled_by == "person:hoa"
    refused = act(hoa, paid, "cancel", reason="wrong plate")
    assert "cancelled by the finance office" in plain(refused)
    assert fresh(town, paid.id).cancelled_at is None
    assert "Cancelled: wrong plate" in plain(hoa.get(page_of(held)))


def test_a_pass_is_paid_in_cash_into_the_sellers_own_till_once(town: Town, hoa: Browser) -> None:
    held = sold(town)
    assert "has a shift open" in plain(hoa.get(page_of(held)))
    assert "shift" in plain(act(hoa, held, "cash", reason="no_phone"))
    badge = badge_of(town, "hoa")
    rails = {"cash": CashProvider}
    with town.house.databases.write.begin() as tx:
        open_shift(
            tx,
            replace(town.house.gateways, registry=rails),
            town.lots["HK01"],
            badge,
            100_000,
            town.now,
        )
    for _ in range(2):
        assert act(hoa, held, "cash", reason="no_phone").status_code == 303
    assert "PASS until 19/12/2026" in plain(hoa.get(page_of(held)))
    with town.house.databases.read() as tx:
        payments = tx.scalars(select(Payment)).all()
    assert [(p.received, p.product, p.cost_centre) for p in payments] == [
        (held.price, "pass:motorbike:full", "HK01")
    ]


def test_changing_the_plate_asks_why(town: Town, hoa: Browser) -> None:
    held = bought(town)
    refused = act(hoa, held, "plate", plate=OTHER, reason="")
    assert (refused.status_code, "reason in 3 to 300" in plain(refused)) == (400, True)
    assert act(hoa, held, "plate", plate=OTHER, reason="new bike").status_code == 303
    assert "Plate changed from 29-G1 123.45 to 29-G1 678.90: new bike" in plain(
        hoa.get(page_of(held))
    )
