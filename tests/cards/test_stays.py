"""A card and the vehicle it is out with: at the entrance, at the exit, and when it is lost."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
from sqlalchemy import select

from parking.cards.models import Card
from parking.cards.service import CardAct, CardOfAnotherLot, CardUnusable
from parking.languages import explain
from parking.sessions import lost_cards
from parking.sessions.due import standing
from parking.sessions.exits import CardNotShown, Leaving, Proof, record_exit, undo_exit
from parking.sessions.holders import CardInUse
from parking.sessions.models import Adjustment, ParkingSession
from parking.sessions.service import correct_plate
from payments.errors import Conflict, WrongUsage
from tests.cards.kit import (
    FEE,
    acts_on,
    arrive,
    card_now,
    change,
    charge_for_lost_cards,
    lose,
    make,
    stay_now,
)
from tests.kit import Town
from tests.payments.kit import at_once


def leave(town: Town, stay: ParkingSession, proof: Proof | None) -> ParkingSession:
    with town.house.databases.write.begin() as tx:
        return record_exit(tx, stay.id, Leaving("person:hoa", town.now, proof), town.now)


def bring_back(town: Town, stay: ParkingSession) -> ParkingSession:
    with town.house.databases.write.begin() as tx:
        return undo_exit(tx, stay.id, "person:hoa", town.now)


def withdraw(town: Town, stay: ParkingSession, reason: str = "Khách tìm thấy thẻ") -> None:
    with town.house.databases.write.begin() as tx:
        lost_cards.withdraw_fee(tx, stay.id, reason, "person:hoa", town.now)


def due(town: Town, stay: ParkingSession) -> int:
    with town.house.databases.read() as tx:
        current = tx.get_one(ParkingSession, stay.id)
        return standing(tx, town.house.tariffs, current, town.now).due


def adjustments(town: Town, stay: ParkingSession) -> list[int]:
    with town.house.databases.read() as tx:
        mine = select(Adjustment.amount).where(Adjustment.session_id == stay.id)
        return list(tx.scalars(mine.order_by(Adjustment.id)))


def test_a_bicycle_enters_with_a_card_alone(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    assert (stay.plate, stay.plate_kind, stay.card_id) == ("#0001", "card", card.id)
    assert acts_on(town, stay.reference) == ["session.enter", "session.card"]


def test_any_vehicle_may_have_a_plate_and_a_card(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card, "29-B1 234.56", "motorbike")
    assert (stay.plate, stay.card_id) == ("29-B1 234.56", card.id)


def test_of_two_attendants_who_hand_out_one_card_one_is_told_who_has_it(town: Town) -> None:
    card = make(town)[0]
    vehicles = [("", "bicycle"), ("", "bicycle"), ("29-B1 234.56", "motorbike")]
    results = at_once([lambda v=v: arrive(town, card, *v) for v in vehicles])  # type: ignore[misc]
    refused = [found for found in results if isinstance(found, Exception)]
    assert len(refused) == 2
    for error in refused:
        assert isinstance(error, CardInUse), error
        assert "08:00 20/11/2026" in explain(error)
    with town.house.databases.read() as tx:
        assert len(tx.scalars(select(ParkingSession)).all()) == 1


def test_one_form_sent_twice_at_once_is_one_stay(town: Town) -> None:
    card = make(town)[0]
    results = at_once([lambda: arrive(town, card, "29-B1 234.56", "motorbike")] * 3)
    assert len({found.id for found in results if isinstance(found, ParkingSession)}) == 1
    assert not [found for found in results if isinstance(found, Exception)]


def test_a_card_goes_to_a_stay_that_a_driver_began(town: Town) -> None:
    card = make(town)[0]
    begun = town.arrive("29-B1 234.56", "motorbike")
    joined = arrive(town, card, "29B123456", "motorbike")
    assert (joined.id, stay_now(town, begun.id).card_id) == (begun.id, card.id)
    arrive(town, card, "29B123456", "motorbike")
    assert acts_on(town, begun.reference) == ["session.enter", "session.card"]


def test_a_vehicle_has_one_card_at_a_time(town: Town) -> None:
    first, second, _ = make(town)
    arrive(town, first, "29-B1 234.56", "motorbike")
    with pytest.raises(Conflict, match="has another card already"):
        arrive(town, second, "29-B1 234.56", "motorbike")


@pytest.mark.parametrize("act", [CardAct.BLOCK, CardAct.LOST])
def test_a_blocked_or_lost_card_is_not_handed_out(town: Town, act: CardAct) -> None:
    card = make(town)[0]
    change(town, card, act)
    with pytest.raises(CardUnusable, match=r"#0001 of lot HK01"):
        arrive(town, card)


def test_a_card_of_another_lot_brings_nobody_in(town: Town) -> None:
    theirs = make(town, 1, "DD01")[0]
    with pytest.raises(CardOfAnotherLot, match=r"DD01 .* not to HK01"):
        arrive(town, theirs)


def test_a_card_is_handed_out_again_after_it_came_back(town: Town) -> None:
    card = make(town)[0]
    for _ in range(3):
        stay = arrive(town, card)
        assert leave(town, stay, Proof.CARD).exit_proof == "card"
        town.clock.forward(minutes=5)


def test_the_plate_may_follow_and_the_card_stays(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card, vehicle="motorbike")
    with town.house.databases.write.begin() as tx:
        correct_plate(tx, stay.id, "29-B1 234.56", "Ghi biển số sau", "person:hoa", town.now)
    followed = stay_now(town, stay.id)
    assert (followed.plate, followed.plate_kind) == ("29-B1 234.56", "motorbike")
    assert followed.card_id == card.id
    with pytest.raises(CardInUse, match=r"with vehicle 29-B1 234\.56"):
        arrive(town, card)
    assert leave(town, stay, Proof.CARD).exit_at == town.now
    assert acts_on(town, stay.reference)[2] == "session.correct_plate"


@pytest.mark.parametrize("proof", [None, Proof.SESSION_CODE])
def test_without_the_card_somebody_must_say_what_happened(town: Town, proof: Proof | None) -> None:
    stay = arrive(town, make(town)[0])
    with pytest.raises(CardNotShown) as refused:
        leave(town, stay, proof)
    assert "#0001" in explain(refused.value)
    assert leave(town, stay, Proof.PAPERS).exit_proof == "papers"


def test_a_vehicle_without_a_card_shows_none(town: Town) -> None:
    stay = town.arrive()
    with pytest.raises(Conflict, match="was given no card"):
        leave(town, stay, Proof.CARD)
    assert leave(town, stay, None).exit_proof is None


def test_an_exit_is_taken_back_unless_the_card_went_to_somebody_else(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card, "29-B1 234.56", "motorbike")
    leave(town, stay, Proof.CARD)
    assert bring_back(town, stay).exit_at is None
    leave(town, stay, Proof.CARD)
    other = arrive(town, card)
    with pytest.raises(CardInUse, match="with vehicle #0001"):
        bring_back(town, stay)
    assert stay_now(town, other.id).exit_at is None


def test_undo_and_a_new_stay_at_once_leave_the_card_in_one_hand(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card, "29-B1 234.56", "motorbike")
    leave(town, stay, Proof.CARD)
    results = at_once([lambda: bring_back(town, stay), lambda: arrive(town, card)])
    assert [type(found) for found in results].count(CardInUse) == 1
    with town.house.databases.read() as tx:
        still_open = select(ParkingSession).where(ParkingSession.exit_at.is_(None))
        assert len(tx.scalars(still_open).all()) == 1


def test_a_lost_card_costs_its_stay_the_fee_once(town: Town, tmp_path: Path) -> None:
    charge_for_lost_cards(town, tmp_path)
    card = make(town)[0]
    stay = arrive(town, card)
    before = due(town, stay)
    assert lose(town, card).state == "lost"
    lose(town, card)
    assert due(town, stay) == before + FEE
    assert acts_on(town, stay.reference)[2:] == ["session.card_lost", "session.card_fee"]
    assert leave(town, stay, Proof.SESSION_CODE).exit_proof == "session_code"


def test_two_who_report_one_card_lost_at_once_charge_once(town: Town, tmp_path: Path) -> None:
    charge_for_lost_cards(town, tmp_path)
    card = make(town)[0]
    stay = arrive(town, card)
    results = at_once([lambda: lose(town, card)] * 4)
    assert not [found for found in results if isinstance(found, Exception)]
    assert adjustments(town, stay) == [FEE]


def test_a_tariff_without_a_fee_charges_nothing(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    lose(town, card)
    assert adjustments(town, stay) == []
    assert acts_on(town, stay.reference)[2:] == ["session.card_lost"]


def test_a_card_that_is_in_nobodys_hand_is_lost_for_nothing(town: Town, tmp_path: Path) -> None:
    charge_for_lost_cards(town, tmp_path)
    card = make(town)[0]
    stay = arrive(town, card)
    leave(town, stay, Proof.PAPERS)
    lose(town, card)
    assert adjustments(town, stay) == []


def test_a_lost_card_is_no_proof_until_it_is_found(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    lose(town, card)
    with pytest.raises(CardUnusable, match="reported lost"):
        leave(town, stay, Proof.CARD)
    change(town, card, CardAct.FOUND)
    assert leave(town, stay, Proof.CARD).exit_proof == "card"


def test_a_found_card_keeps_its_fee_until_somebody_withdraws_it(town: Town, tmp_path: Path) -> None:
    charge_for_lost_cards(town, tmp_path)
    card = make(town)[0]
    stay = arrive(town, card)
    before = due(town, stay)
    lose(town, card)
    with pytest.raises(Conflict, match="still reported lost"):
        withdraw(town, stay)
    change(town, card, CardAct.FOUND)
    assert due(town, stay) == before + FEE
    with pytest.raises(WrongUsage, match="reason"):
        withdraw(town, stay, " ")
    withdraw(town, stay)
    assert due(town, stay) == before
    assert adjustments(town, stay) == [FEE, -FEE]
    with pytest.raises(Conflict, match="No fee"):
        withdraw(town, stay)
    lose(town, card)
    assert due(town, stay) == before + FEE
    assert card_now(town, card).state == "lost"


def test_a_blocked_card_still_lets_its_vehicle_out(town: Town) -> None:
    card = make(town)[0]
    stay = arrive(town, card)
    change(town, card, CardAct.BLOCK)
    assert leave(town, stay, Proof.CARD).exit_proof == "card"


def test_a_stay_that_is_not_there_is_not_brought_back(town: Town) -> None:
    stranger = ParkingSession(id=uuid.uuid4())
    with pytest.raises(Exception, match="no such parking session"):
        bring_back(town, stranger)


def test_cards_of_two_lots_with_one_number_are_two_cards(town: Town) -> None:
    here, there = make(town, 1)[0], make(town, 1, "DD01")[0]
    assert isinstance(here, Card)
    assert arrive(town, here).plate == arrive(town, there, lot="DD01").plate == "#0001"
