"""Exemptions: by a listed reason, within the stay, once, and counted."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking.sessions.due import standing
from parking.sessions.exemptions import exempt, given, withdraw
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.reasons import REASONS, reason_words
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from tests.kit import Town

HOA = "person:hoa"


def due(town: Town, session: ParkingSession) -> int:
    with town.house.databases.read() as tx:
        row = tx.get_one(ParkingSession, session.id)
        return standing(tx, town.house.tariffs, row, town.now).due


def give(
    town: Town, session: ParkingSession, reason: str = "police", actor: str = HOA
) -> Exemption:
    with town.house.databases.write.begin() as tx:
        return exempt(tx, session.id, reason, actor, town.now)


def take_back(town: Town, session: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        withdraw(tx, session.id, HOA, town.now)


def acts(town: Town, session: ParkingSession) -> list[str]:
    with town.house.databases.read() as tx:
        trail = select(Audit.act).where(Audit.subject == session.reference).order_by(Audit.id)
        return list(tx.scalars(trail))


def test_an_exempt_stay_owes_nothing_until_the_exemption_is_withdrawn(town: Town) -> None:
    bike = town.arrive("29-G1 123.45", "motorbike")
    assert due(town, bike) == 5_000
    give(town, bike)
    give(town, bike)
    assert due(town, bike) == 0
    take_back(town, bike)
    assert due(town, bike) == 5_000
    assert acts(town, bike)[1:] == ["session.exempt", "session.withdraw_exemption"]


def test_only_listed_reasons_count_and_the_list_is_told(town: Town) -> None:
    with pytest.raises(WrongUsage, match=r"“friend” is no listed reason.*emergency, police"):
        give(town, town.arrive(), "friend")


def test_a_paid_stay_goes_the_way_of_a_refund(town: Town) -> None:
    car = town.arrive()
    town.clock.forward(minutes=30)
    town.pay(car)
    with pytest.raises(Conflict, match="has paid already"):
        give(town, car)


def test_a_second_reason_waits_until_the_first_is_withdrawn(town: Town) -> None:
    car = town.arrive()
    give(town, car)
    with pytest.raises(Conflict, match="another reason"):
        give(town, car, "funeral")
    take_back(town, car)
    give(town, car, "funeral")
    take_back(town, car)
    with pytest.raises(Conflict, match="not exempt"):
        take_back(town, car)


def test_after_the_exit_what_is_owed_stays_as_it_is(town: Town) -> None:
    car = town.arrive()
    give(town, car)
    with town.house.databases.write.begin() as tx:
        record_exit(tx, car.id, Leaving(HOA, town.now), town.now)
    with pytest.raises(Conflict, match="has left"):
        take_back(town, car)
    with pytest.raises(Conflict, match="has left"):
        give(town, car, "funeral")


def test_ten_taps_at_once_are_one_exemption(town: Town) -> None:
    car, gate = town.arrive(), threading.Barrier(10)

    def tap() -> None:
        gate.wait()
        give(town, car)

    threads = [threading.Thread(target=tap) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with town.house.databases.read() as tx:
        assert len(tx.scalars(select(Exemption)).all()) == 1
    assert acts(town, car).count("session.exempt") == 1


def test_exemptions_are_listed_by_person_and_operator_without_those_withdrawn(town: Town) -> None:
    here, there, gone = town.arrive(), town.arrive(lot="DD01"), town.arrive("30A-222.22")
    give(town, here)
    give(town, there, "funeral", "person:tu")
    give(town, gone)
    take_back(town, gone)
    span = (town.now, town.now + timedelta(seconds=1))
    with town.house.databases.read() as tx:
        everything = given(tx, *span)
        assert {(row.lot, row.by, row.reason) for row in everything} == {
            ("HK01", HOA, "police"),
            ("DD01", "person:tu", "funeral"),
        }
        assert [row.lot for row in given(tx, *span, operator="thang-long")] == ["DD01"]
        assert [row.session_id for row in given(tx, *span, by=HOA)] == [here.id]
        assert given(tx, town.now - timedelta(days=1), town.now) == []


def test_every_reason_has_its_words_in_both_languages() -> None:
    for reason, english in REASONS.items():
        words = reason_words(reason)
        assert words["en"] == english
        assert words["vi"] not in ("", english)
    assert reason_words("older")["vi"] == "older"
