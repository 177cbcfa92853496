"""Selling, renewing, cancelling and re-plating: one vehicle never holds two passes at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from parking.cards.models import Card
from parking.lots.service import lot_by_number
from parking.passes.cancelling import cancel
from parking.passes.excess import ACTOR, ask_back
from parking.passes.models import Pass
from parking.passes.plates import change_plate
from parking.passes.prices import Kind
from parking.passes.sales import Bearer, Held, Sale, sell
from parking.passes.service import is_settled, lots_of
from parking.sessions.service import Arrival, enter
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from payments.payback import RefundTask
from tests.kit import Town
from tests.passes.kit import (
    DAY,
    FULL,
    MONTH,
    OTHER,
    PLATE,
    another_lot,
    bearer,
    bought,
    charge_by,
    fresh,
    pay_for,
    refund_unused,
    renewed,
    sold,
)

TODAY = date(2026, 11, 20)


def replate(town: Town, held: Pass, plate: str, reason: str = "bought another bike") -> Pass:
    with town.house.databases.write.begin() as tx:
        return change_plate(tx, held.id, bearer(plate), reason, "person:hoa", town.now)


def cancelled(town: Town, held: Pass, reason: str = "sold by mistake") -> Pass:
    with town.house.databases.write.begin() as tx:
        return cancel(tx, town.house.tariffs, held.id, reason, "person:hoa", town.now)


def tasks(town: Town) -> list[tuple[int, str, str]]:
    with town.house.databases.read() as tx:
        found = tx.scalars(select(RefundTask).order_by(RefundTask.asked_at, RefundTask.id))
        return [(task.amount, task.purpose, task.asked_by) for task in found]


def test_a_pass_costs_its_months_and_ends_the_day_before_its_day(town: Town) -> None:
    held = sold(town, months=2)
    assert (held.price, held.currency) == (2 * MONTH, "VND")
    assert (held.since, held.until) == (TODAY, date(2027, 1, 19))
    assert held.reference == f"pass:{held.id}"
    with town.house.databases.read() as tx:
        assert [lot.number for lot in lots_of(tx, held)] == ["HK01"]
        assert not is_settled(tx, held)
    pay_for(town, held)
    with town.house.databases.read() as tx:
        assert is_settled(tx, held)


def test_several_lots_cost_what_the_dearest_costs(town: Town) -> None:
    another_lot(town, "HK02", "hn-school")
    assert sold(town, kind=DAY, lots=("HK02", "HK01")).price == 130_000
    assert sold(town, OTHER, DAY, lots=("HK02",)).price == 78_000


def test_pupils_and_staff_pay_their_own_price(town: Town) -> None:
    charge_by(town, "hn-school")
    prices = [
        sold(town, f"29-G1 123.4{number}", Kind("motorbike", "day", holder)).price
        for number, holder in enumerate(("regular", "school", "employee"))
    ]
    assert prices == [78_000, 52_000, 52_000]


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"kind": Kind("motorbike", "full", "school")}, "Lot HK01 sells no such pass"),
        ({"kind": Kind("truck", "full", "regular")}, "takes no vehicle of class truck"),
        ({"since": TODAY - timedelta(days=1)}, "begins today or at most 92 days ahead, not on 19/11/2026"),
        ({"since": TODAY + timedelta(days=93)}, "begins today or at most 92 days ahead"),
        ({"months": 0}, "sold for 1 to 12 months, not for 0"),
        ({"months": 13}, "sold for 1 to 12 months, not for 13"),
        ({"lots": ("HK01", "DD01")}, "lots of one operator"),
    ],
)  # fmt: skip
def test_what_is_not_sold_is_said(town: Town, wish: dict[str, object], said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        sold(town, **wish)  # type: ignore[arg-type]


def test_two_passes_for_one_plate_at_once_are_refused_by_name(town: Town) -> None:
    held = bought(town)
    with pytest.raises(Held) as refused:
        sold(town, kind=DAY, since=TODAY + timedelta(days=29))
    assert str(refused.value) == (
        f"29-G1 123.45 already has pass {held.number} until 19/12/2026 at this lot. Renew that one,"
        " or begin after it ends."
    )
    assert sold(town, since=TODAY + timedelta(days=30)).since == date(2026, 12, 20)
    assert sold(town, OTHER).number != held.number


def test_another_lot_or_another_class_is_another_matter(town: Town) -> None:
    another_lot(town, "HK02", "hn-inner-two-wheel")
    bought(town)
    assert sold(town, lots=("HK02",)).id != bought(town, OTHER).id
    with pytest.raises(Held):
        sold(town, lots=("HK02", "HK01"))


def test_asking_again_before_it_is_paid_gives_the_same_pass(town: Town) -> None:
    held = sold(town)
    assert sold(town).id == held.id
    with pytest.raises(Held, match="it is not paid yet"):
        sold(town, kind=DAY)


def test_what_nobody_paid_for_a_day_stands_in_nobodys_way(town: Town) -> None:
    left = sold(town)
    town.clock.forward(hours=25)
    assert sold(town, kind=DAY).id != left.id
    assert fresh(town, left.id).cancelled_by == "system:passes"


def test_of_two_counters_selling_at_once_one_is_refused(town: Town) -> None:
    def try_to(kind: Kind) -> str:
        try:
            return str(sold(town, kind=kind).id)
        except Held:
            return "refused"

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(try_to, (FULL, DAY)))
    assert outcomes.count("refused") == 1


def test_a_pass_is_renewed_from_the_day_after_once(town: Town) -> None:
    held = bought(town)
    with pytest.raises(Conflict, match="from 7 days before it ends"):
        renewed(town, held)
    town.clock.forward(days=22)
    following = renewed(town, held)
    assert (following.since, following.until) == (date(2026, 12, 20), date(2027, 1, 19))
    assert following.previous_id == held.id
    assert renewed(town, held).id == following.id
    town.clock.forward(days=14)
    with pytest.raises(Conflict, match="can be renewed once it is paid"):
        renewed(town, following)


def test_a_pass_long_over_is_not_renewed(town: Town) -> None:
    held = bought(town)
    town.clock.forward(days=37)
    with pytest.raises(Conflict):
        renewed(town, held)


def test_another_plate_needs_a_reason_and_takes_the_renewal_along(town: Town) -> None:
    held = bought(town)
    town.clock.forward(days=25)
    following = renewed(town, held)
    with pytest.raises(WrongUsage, match="reason"):
        replate(town, held, OTHER, " ")
    replate(town, held, OTHER)
    assert fresh(town, held.id).plate == fresh(town, following.id).plate == OTHER
    with town.house.databases.read() as tx:
        acts = list(tx.scalars(select(Audit.act).where(Audit.subject == held.reference)))
    assert acts == ["pass.sell", "pass.change_plate"]


def test_a_plate_that_has_a_pass_takes_no_second_one(town: Town) -> None:
    held, other = bought(town), bought(town, OTHER)
    with pytest.raises(
        Held, match=f"29-G1 678.90 already has pass {other.number} until 19/12/2026"
    ):
        replate(town, held, OTHER)


def test_the_old_plate_keeps_the_pass_until_it_leaves_and_the_new_one_waits(town: Town) -> None:
    held = bought(town)
    old = town.arrive(PLATE, "motorbike")
    replate(town, held, OTHER)
    assert old.pass_id == held.id
    assert town.arrive(OTHER, "motorbike").pass_id is None
    assert town.arrive(PLATE, "motorbike").pass_id == held.id  # the same stay


def test_a_card_carries_a_pass_whatever_the_plate_one_vehicle_at_a_time(town: Town) -> None:
    with town.house.databases.write.begin() as tx:
        lot = lot_by_number(tx, "HK01")
        card = Card(lot_id=lot.id, number=42, made_by="person:hoa", made_at=town.now)
        tx.add(card)
        tx.flush()
        sale = Sale([lot], Bearer(None, None, card.id), FULL, TODAY, 1, "person:hoa")
        held = sell(tx, town.house.tariffs, sale, town.now)
    pay_for(town, held)
    arrival = Arrival(lot, "", "motorbike", town.now, "person:hoa", declared=False, card=card)
    with town.house.databases.write.begin() as tx:
        first = enter(tx, town.house.tariffs, arrival, town.now).session
        assert first.pass_id == held.id
    with pytest.raises(Conflict, match="belongs to a card"):
        replate(town, held, OTHER)


def test_an_unpaid_pass_is_cancelled_and_money_that_comes_after_all_goes_back(town: Town) -> None:
    held = sold(town)
    cancelled(town, held)
    assert sold(town).id != held.id
    pay_for(town, held, MONTH)
    databases = town.house.databases
    assert (ask_back(databases.write, town.now), ask_back(databases.write, town.now)) == (1, 0)
    assert tasks(town) == [(MONTH, "excess", ACTOR)]


def test_a_pass_paid_twice_gives_the_second_payment_back(town: Town) -> None:
    held = bought(town)
    assert ask_back(town.house.databases.write, town.now) == 0
    pay_for(town, held)
    assert ask_back(town.house.databases.write, town.now) == 1
    assert tasks(town) == [(MONTH, "excess", ACTOR)]


def test_a_paid_pass_that_is_cancelled_gives_nothing_back_unless_the_tariff_says_so(
    town: Town,
) -> None:
    held = bought(town)
    cancelled(town, held)
    assert tasks(town) == []
    assert ask_back(town.house.databases.write, town.now) == 0
    with pytest.raises(Conflict, match="was cancelled before"):
        cancelled(town, held)


def test_where_the_tariff_says_so_the_unused_days_go_back(town: Town, tmp_path: Path) -> None:
    refund_unused(town, tmp_path)
    held = bought(town)
    town.clock.forward(days=14)
    cancelled(town, held)
    assert tasks(town) == [(MONTH * 15 // 30, "charge", "person:hoa")]


@pytest.mark.parametrize("act", [lambda t, h: replate(t, h, OTHER), cancelled])
def test_what_is_over_stays_as_it_was(town: Town, act: Callable[[Town, Pass], Pass]) -> None:
    held = bought(town)
    town.clock.forward(days=31)
    with pytest.raises(Conflict, match="is over or was cancelled before"):
        act(town, held)


def test_today_is_the_citys_day(town: Town) -> None:
    town.clock.forward(hours=16)  # 00:00 on Saturday in Hanoi
    assert business_day(town.now) == TODAY + timedelta(days=1)
    assert sold(town).since == TODAY + timedelta(days=1)
