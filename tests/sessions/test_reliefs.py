"""Passes and exemptions: what costs nothing, and from when it costs something after all."""

from __future__ import annotations

from datetime import date, timedelta

from parking.passes.models import Pass, PassLot
from parking.sessions.due import Standing, standing
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.states import State, show
from payments.db import business_day, new_id
from tests.kit import Town


def sell(town: Town, plate_key: str, until: date, price: int = 0, lot: str = "HK01") -> Pass:
    """A pass of nothing, so that it is paid; the counter sells others."""
    place = town.lots[lot]
    with town.house.databases.write.begin() as tx:
        held = Pass(
            id=new_id(), number=1, token="t" * 22, reference="pass:1", operator_id=place.operator_id,
            vehicle_class="motorbike", plate_key=plate_key, plate=plate_key, hours="full",
            holder="regular", price=price, currency="VND", since=business_day(town.now), until=until,
            sold_by="person:hoa", sold_at=town.now,
        )  # fmt: skip
        tx.add(held)
        tx.flush()
        tx.add(PassLot(pass_id=held.id, lot_id=place.id))
    return held


def now_of(town: Town, session: ParkingSession) -> Standing:
    with town.house.databases.read() as tx:
        return standing(tx, town.house.tariffs, tx.get_one(ParkingSession, session.id), town.now)


def test_a_vehicle_on_a_pass_owes_nothing_until_the_pass_ends_and_the_price_from_then(
    town: Town,
) -> None:
    sell(town, "29G112345", business_day(town.now))
    session = town.arrive("29-G1 123.45", "motorbike")
    here = now_of(town, session)
    assert (here.due, show(here, town.now).state) == (0, State.PASS)
    assert [line.text for line in here.lines] == ["Pass valid until %(day)s"]
    town.clock.forward(days=1)
    later = now_of(town, session)
    assert later.due == later.price.amount == sum(line.amount for line in later.lines) > 0


def test_a_pass_that_was_not_paid_covers_nothing(town: Town) -> None:
    sell(town, "29G112345", business_day(town.now), price=100_000)
    assert now_of(town, town.arrive("29-G1 123.45", "motorbike")).due > 0


def test_a_pass_covers_one_vehicle_at_a_time_and_the_next_stay_again(town: Town) -> None:
    sell(town, "29G112345", business_day(town.now) + timedelta(days=30))
    first = town.arrive("29-G1 123.45", "motorbike")
    assert first.pass_id is not None
    with town.house.databases.write.begin() as tx:
        tx.get_one(ParkingSession, first.id).exit_at = town.now
    assert town.arrive("29-G1 123.45", "motorbike").pass_id == first.pass_id


def test_an_exemption_costs_nothing_for_good_and_says_why(town: Town) -> None:
    session = town.arrive()
    with town.house.databases.write.begin() as tx:
        tx.add(Exemption(session_id=session.id, reason="police", by="person:hoa", at=town.now))
    town.clock.forward(days=3)
    here = now_of(town, session)
    assert (here.due, show(here, town.now).state) == (0, State.EXEMPT)
    (line,) = here.lines
    assert line.say("en") == "Exempt: Police or army on duty"
    assert line.say("vi") == "Miễn phí: Công an, quân đội đang làm nhiệm vụ"
