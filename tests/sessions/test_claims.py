"""“Transferred, waiting for the bank”: said once, let out in one act, and judged by the bank's time."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from parking.sessions import claims, exits
from parking.sessions.due import Standing, standing
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import Adjustment, ParkingSession, TransferClaim
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Audit, Payment
from payments.service import record
from tests.driver.transfers import arrived
from tests.kit import Town
from tests.payments.kit import at_once

HOA = "person:hoa"


def claim(
    town: Town, stay: ParkingSession, reference: str = "", by: str = "driver"
) -> TransferClaim:
    with town.house.databases.write.begin() as tx:
        return claims.claim(tx, town.house.tariffs, stay.id, by, reference, town.now)


def release(town: Town, stay: ParkingSession, by: str = HOA) -> TransferClaim | None:
    leaving = Leaving(by, town.now)
    with town.house.databases.write.begin() as tx:
        return claims.release(tx, town.house.tariffs, stay.id, leaving, town.now)


def withdraw(town: Town, stay: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        claims.withdraw(tx, stay.id, "driver", town.now)


def leave(town: Town, stay: ParkingSession) -> None:
    with town.house.databases.write.begin() as tx:
        record_exit(tx, stay.id, Leaving(HOA, town.now), town.now)


def close(town: Town, row: TransferClaim, reason: str = "Không có trong sao kê") -> TransferClaim:
    with town.house.databases.write.begin() as tx:
        return claims.close_unpaid(tx, row.id, reason, "person:lan", town.now)


def settle(town: Town) -> int:
    return claims.settle_claims(town.house.databases.write, town.house.tariffs, town.now)


def where(town: Town, stay: ParkingSession) -> Standing:
    with town.house.databases.read() as tx:
        return standing(tx, town.house.tariffs, tx.get_one(ParkingSession, stay.id), town.now)


def every(town: Town) -> list[TransferClaim]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(TransferClaim).order_by(TransferClaim.id)))


def acts(town: Town, stay: ParkingSession) -> list[str]:
    with town.house.databases.read() as tx:
        rows = select(Audit).where(Audit.subject == stay.reference).order_by(Audit.id)
        return [f"{entry.act} {entry.actor}" for entry in tx.scalars(rows)][1:]


@pytest.fixture
def stay(town: Town) -> ParkingSession:
    """A car that has stood for fifty minutes: 25,000 dong."""
    session = town.arrive()
    town.clock.forward(minutes=50)
    return session


def transferred(town: Town, stay: ParkingSession) -> Payment:
    """The driver transfers two minutes later, and nobody tells us."""
    payment = town.checkout(stay)
    town.clock.forward(minutes=2)
    town.act(payment)
    return payment


def booked(town: Town, payment: Payment) -> None:
    """The bank books the money now, and says so at once."""
    told = arrived(payment, payment.amount, town.now)
    with town.house.databases.write.begin() as tx:
        record(tx, payment.account, told, town.now, source="webhook")


def test_a_claim_says_what_was_due_and_nothing_about_money(
    town: Town, stay: ParkingSession
) -> None:
    row = claim(town, stay, "FT26324 991")
    assert (row.amount, row.bank_reference, row.claimed_by) == (25_000, "FT26324 991", "driver")
    assert (row.outcome, row.released_by) == (None, None)
    assert where(town, stay).due == 25_000
    assert acts(town, stay) == ["session.claim driver"]


def test_a_second_claim_is_the_first_one_and_may_add_the_reference(
    town: Town, stay: ParkingSession
) -> None:
    first = claim(town, stay)
    town.clock.forward(hours=2)
    again = claim(town, stay, " FT 77 ", by=HOA)
    assert (again.id, again.amount, again.claimed_at) == (first.id, 25_000, first.claimed_at)
    assert every(town)[0].bank_reference == "FT 77"
    claim(town, stay)
    assert every(town)[0].bank_reference == "FT 77"
    assert acts(town, stay) == ["session.claim driver", f"session.claim {HOA}"]


def test_ten_claims_at_once_are_one(town: Town, stay: ParkingSession) -> None:
    at_once([partial(claim, town, stay)] * 10)
    assert len(every(town)) == 1


def test_nobody_claims_where_nothing_is_due(town: Town, stay: ParkingSession) -> None:
    town.pay(stay)
    with pytest.raises(Conflict, match=r"Nothing is due for 30A-123\.45"):
        claim(town, stay)


@pytest.mark.parametrize("typed", ["chuyển rồi nhé", "FT1\N{BULLET}2", "-", "9" * 36, "<b>"])
def test_a_reference_that_no_bank_prints_is_refused(
    town: Town, stay: ParkingSession, typed: str
) -> None:
    with pytest.raises(WrongUsage, match="not a bank reference: it has at most 35"):
        claim(town, stay, typed)
    assert every(town) == []


@given(st.text(max_size=60))
def test_any_text_is_a_reference_nothing_or_a_complaint(text: str) -> None:
    try:
        read = claims.read_reference(text)
    except WrongUsage:
        return
    assert read is None or (0 < len(read) <= 35 and claims.read_reference(read) == read)


def test_a_claimed_vehicle_is_let_out_and_the_price_freezes(
    town: Town, stay: ParkingSession
) -> None:
    claim(town, stay)
    town.clock.forward(minutes=5)
    row = release(town, stay)
    assert row is not None
    assert (row.claimed_by, row.released_by, row.released_at) == ("driver", HOA, town.now)
    town.clock.forward(hours=9)
    assert where(town, stay).due == 25_000
    assert acts(town, stay) == [
        "session.claim driver",
        f"session.exit {HOA}",
        f"session.release {HOA}",
    ]


def test_without_a_claim_the_attendant_vouches(town: Town, stay: ParkingSession) -> None:
    row = release(town, stay)
    assert row is not None
    assert (row.claimed_by, row.released_by, row.amount) == (HOA, HOA, 25_000)


def test_a_release_told_later_counts_from_when_it_happened(
    town: Town, stay: ParkingSession
) -> None:
    then = town.now
    town.clock.forward(minutes=40)
    with town.house.databases.write.begin() as tx:
        row = claims.release(tx, town.house.tariffs, stay.id, Leaving(HOA, then), town.now)
    assert row is not None
    assert (row.amount, row.claimed_at, row.released_at) == (25_000, then, then)


def test_letting_out_twice_is_letting_out_once(town: Town, stay: ParkingSession) -> None:
    done = at_once([partial(release, town, stay)] * 6)
    assert len({row.id for row in done if isinstance(row, TransferClaim)}) == 1
    assert [act for act in acts(town, stay) if "release" in act] == [f"session.release {HOA}"]


def test_who_left_in_another_way_is_not_let_out_on_a_claim(
    town: Town, stay: ParkingSession
) -> None:
    leave(town, stay)
    with pytest.raises(Conflict, match=r"exit of 30A-123\.45 is recorded already"):
        release(town, stay)
    claim(town, stay)
    with pytest.raises(Conflict, match=r"exit of 30A-123\.45 is recorded already"):
        release(town, stay)


def test_who_owes_nothing_just_leaves(town: Town, stay: ParkingSession) -> None:
    town.pay(stay)
    assert release(town, stay) is None
    assert acts(town, stay) == [f"session.exit {HOA}"]


def test_money_that_came_before_the_barrier_leaves_nothing_to_release(
    town: Town, stay: ParkingSession
) -> None:
    payment = transferred(town, stay)
    claim(town, stay)
    town.learn(payment)
    row = release(town, stay)
    assert row is not None
    assert row.released_by is None
    assert settle(town) == 1
    assert every(town)[0].outcome == "paid"


def test_an_exit_that_is_taken_back_takes_the_release_back(
    town: Town, stay: ParkingSession
) -> None:
    release(town, stay)
    with town.house.databases.write.begin() as tx:
        exits.undo_exit(tx, stay.id, HOA, town.now)
    assert [(row.released_by, row.released_at, row.outcome) for row in every(town)] == [
        (None, None, None)
    ]
    town.clock.forward(minutes=30)
    again = release(town, stay)
    assert again is not None
    assert again.released_at == town.now


def test_money_the_bank_booked_in_time_owes_nothing_however_late_it_is_told(
    town: Town, stay: ParkingSession
) -> None:
    payment = transferred(town, stay)
    town.clock.forward(minutes=1)
    release(town, stay)
    town.clock.forward(minutes=42)
    assert where(town, stay).due == 25_000
    town.learn(payment)
    assert where(town, stay).due == 0
    assert [settle(town), settle(town)] == [1, 0]
    row = every(town)[0]
    assert (row.outcome, row.settled_by, row.settled_at) == ("paid", claims.ACTOR, town.now)


@pytest.mark.parametrize(("stood", "rest"), [(12, 25_000), (5, 0)])
def test_money_the_bank_booked_too_late_counts_against_the_price_at_the_exit(
    town: Town, stay: ParkingSession, stood: int, rest: int
) -> None:
    """The quote of 25,000 covers an hour; who drives out in the second one owes 50,000 in all, and
    not what the stay would cost when the bank booked the money."""
    payment = town.checkout(stay)
    town.clock.forward(minutes=stood)
    release(town, stay)
    town.clock.forward(hours=3)
    booked(town, payment)
    found = where(town, stay)
    assert (found.price.amount, found.due) == (25_000 + rest, rest)
    assert settle(town) == (0 if rest else 1)


def test_a_claim_came_true_even_if_the_driver_stays_on(town: Town, stay: ParkingSession) -> None:
    payment = transferred(town, stay)
    claim(town, stay)
    town.learn(payment)
    town.clock.forward(hours=4)
    assert where(town, stay).due > 0
    assert settle(town) == 1


def test_what_no_longer_costs_anything_is_settled(town: Town, stay: ParkingSession) -> None:
    claim(town, stay)
    with town.house.databases.write.begin() as tx:
        tx.add(
            Adjustment(session_id=stay.id, amount=-25_000, reason="x", by="person:lan", at=town.now)
        )
    assert settle(town) == 1


def test_an_unconfirmed_claim_waits_however_old_it_is(town: Town, stay: ParkingSession) -> None:
    release(town, stay)
    town.clock.forward(days=400)
    assert settle(town) == 0
    assert every(town)[0].outcome is None


def test_many_claims_are_settled_part_by_part(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "AT_ONCE", 2)
    stays = [town.arrive(f"30A-123.4{digit}") for digit in range(5)]
    town.clock.forward(minutes=50)
    payments = [town.checkout(one) for one in stays]
    for one, payment in zip(stays, payments, strict=True):
        claim(town, one)
        town.act(payment)
    for payment in payments[:3]:
        town.learn(payment)
    assert settle(town) == 3
    assert [row.outcome for row in every(town)] == ["paid", "paid", "paid", None, None]


def test_a_claim_made_by_mistake_is_taken_back(town: Town, stay: ParkingSession) -> None:
    withdraw(town, stay)
    claim(town, stay)
    withdraw(town, stay)
    assert [row.outcome for row in every(town)] == ["withdrawn"]
    again = claim(town, stay)
    assert again.outcome is None
    assert acts(town, stay)[1] == "session.claim_withdrawn driver"


def test_a_claim_somebody_was_let_out_on_is_for_finance(town: Town, stay: ParkingSession) -> None:
    row = release(town, stay)
    assert row is not None
    with pytest.raises(Conflict, match="finance closes it"):
        withdraw(town, stay)
    with pytest.raises(WrongUsage, match="reason"):
        close(town, row, " x ")
    town.clock.forward(days=31)
    closed = close(town, row)
    assert (closed.outcome, closed.settled_by, closed.settled_at) == (
        "unpaid",
        "person:lan",
        town.now,
    )
    with pytest.raises(Conflict, match=r"of 30A-123\.45 is settled"):
        close(town, row)
    assert where(town, stay).due == 25_000
    assert acts(town, stay)[-1] == "session.claim_unpaid person:lan"


def test_nobody_closes_what_nobody_claimed(town: Town, stay: ParkingSession) -> None:
    stranger = TransferClaim(id=stay.id)
    with pytest.raises(NotFound):
        close(town, stranger)


def test_money_that_comes_after_all_still_counts(town: Town, stay: ParkingSession) -> None:
    payment = transferred(town, stay)
    row = release(town, stay)
    assert row is not None
    town.clock.forward(days=40)
    close(town, row)
    town.clock.forward(days=1)
    town.learn(payment)
    assert where(town, stay).due == 0
    assert row.released_at is not None
    assert where(town, stay).covered_until == town.now + timedelta(minutes=15)
