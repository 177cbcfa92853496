"""`parking verify` notices a count, a till or a payment that somebody bent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from parking.proofs import PROOFS
from parking.shifts.models import CashEntry, Shift
from payments.models import Movement, Transfer
from tests.shifts.kit import Counter

BENDS: dict[str, Callable[[Session], object]] = {
    "counts_follow_from_their_cash": lambda tx: tx.execute(
        update(Shift).values(expected=Shift.expected + 1)
    ),
    "tills_hold_what_was_counted": lambda tx: tx.execute(
        update(Shift).values(counted=Shift.counted + 1, difference=Shift.difference + 1)
    ),
    "cash_is_taken_in_shifts": lambda tx: tx.execute(delete(CashEntry)),
}


def broken(counter: Counter) -> set[str]:
    with counter.town.house.databases.read() as tx:
        return {row.rule for proof in PROOFS for row in proof(tx)}


@pytest.mark.parametrize("rule", BENDS)
def test_a_bent_till_is_noticed(counter: Counter, rule: str) -> None:
    counter.begin(counter.hoa)
    taken = counter.take(counter.hoa, counter.stay()).amount
    assert broken(counter) == set()
    counter.count(counter.hoa, 200_000 + taken - 500)
    assert broken(counter) == set()
    counter.close(counter.hoa, "five hundred short")
    assert broken(counter) == set()
    with counter.town.house.databases.write.begin() as tx:
        BENDS[rule](tx)
    assert rule in broken(counter)


def test_a_transfer_nobody_can_explain_is_noticed(counter: Counter) -> None:
    shift = counter.begin(counter.hoa)
    counter.take(counter.hoa, counter.stay())
    with counter.town.house.databases.write.begin() as tx:
        (movement,) = tx.query(Movement).all()
        tx.add(
            Transfer(
                operator="hoan-kiem", kind="count_over", debit="cash:hoa", credit="over_short",
                amount=1, currency="VND", movement_id=movement.id, book_day=movement.book_day,
                recorded_at=shift.opened_at,
            )
        )  # fmt: skip
    assert broken(counter) == {"tills_hold_what_was_counted"}
