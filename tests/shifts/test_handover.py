"""Who goes home hands on what stands at the lot; who comes counts, acknowledges and begins."""

from __future__ import annotations

import pytest

from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import TransferClaim
from parking.shifts.handover import read_handover, waiting_for
from parking.shifts.models import Shift
from payments.errors import Conflict, NotFound
from tests.shifts.kit import Counter, badge_of

FLOAT = 200_000


def closed_by_hoa(counter: Counter) -> Shift:
    """Two cars inside, one of them paid; a third one left on a claim."""
    town = counter.town
    paid, owing, gone = (counter.stay(f"30A-111.1{n}") for n in range(3))
    town.pay(paid)
    with town.house.databases.write.begin() as tx:
        tx.add(
            TransferClaim(
                session_id=gone.id, amount=10_000, claimed_by="person:hoa", claimed_at=town.now
            )
        )
        record_exit(tx, gone.id, Leaving("person:hoa", town.now), town.now)
    counter.begin(counter.hoa)
    counter.count(counter.hoa, FLOAT)
    assert counter.due(owing) > 0
    return counter.close(counter.hoa)


def test_closing_writes_down_what_is_handed_on(counter: Counter) -> None:
    shift = closed_by_hoa(counter)
    with counter.town.house.databases.read() as tx:
        handed = read_handover(tx, shift.handover or {})
        assert [(row.session.plate, row.due) for row in handed.claims] == [("30A-111.12", 10_000)]
        assert [row.session.plate for row in handed.owing] == ["30A-111.11"]
    assert (handed.inside, handed.due) == (2, handed.owing[0].due)
    assert "30A" not in str(shift.handover)


def test_the_next_attendant_counts_the_float_and_both_names_stand(counter: Counter) -> None:
    shift = closed_by_hoa(counter)
    counter.town.clock.forward(minutes=5)
    with counter.town.house.databases.read() as tx:
        ((waiting, person, lot),) = waiting_for(tx, counter.binh, counter.town.now)
        assert (waiting.id, person.name, lot.number) == (shift.id, "Nguyễn Thị Hoa", "HK01")
        assert waiting_for(tx, counter.hoa, counter.town.now) == []
    own = counter.take_over(counter.binh, shift, 190_000)
    handed = counter.shift(shift)
    assert (handed.taken_by, handed.taken_at) == (counter.binh.person_id, counter.town.now)
    assert handed.handover is not None
    assert (handed.handover["float"], handed.handover["found"]) == (FLOAT, 190_000)
    assert (own.opening, own.person_id, own.lot_id) == (
        190_000, counter.binh.person_id, counter.lot.id,
    )  # fmt: skip
    with counter.town.house.databases.read() as tx:
        assert waiting_for(tx, counter.binh, counter.town.now) == []


def test_nobody_acknowledges_their_own_handover(counter: Counter) -> None:
    shift = closed_by_hoa(counter)
    with pytest.raises(Conflict, match="their own shift"):
        counter.take_over(counter.hoa, shift, FLOAT)
    assert counter.shift(shift).taken_by is None


def test_an_open_shift_is_not_taken_over(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    with pytest.raises(Conflict, match="still open"):
        counter.take_over(counter.binh, shift, FLOAT)


def test_a_handover_is_acknowledged_once(counter: Counter) -> None:
    shift = closed_by_hoa(counter)
    counter.take_over(counter.binh, shift, FLOAT)
    counter.count(counter.binh, FLOAT)
    counter.close(counter.binh)
    with pytest.raises(Conflict, match="taken this shift over already"):
        counter.take_over(counter.binh, shift, FLOAT)


def test_who_still_works_takes_nothing_over(counter: Counter) -> None:
    shift = closed_by_hoa(counter)
    counter.begin(counter.binh)
    with pytest.raises(Conflict, match="a shift open already"):
        counter.take_over(counter.binh, shift, FLOAT)
    assert counter.shift(shift).taken_by is None


def test_a_shift_at_another_lot_does_not_exist(counter: Counter) -> None:
    counter.begin(counter.hoa, lot="DD01")
    counter.count(counter.hoa, FLOAT)
    shift = counter.close(counter.hoa)
    with pytest.raises(NotFound):
        counter.take_over(badge_of(counter.town, "binh.le"), shift, FLOAT)
