"""What people decide about money is a transfer of its own, and taking it back is another one."""

from __future__ import annotations

import pytest

from payments.adjusting import adjust, adjustment, undo
from payments.errors import Conflict, NotFound
from payments.ledger import Entry, balances
from payments.money import Money
from tests.payments.kit import House

LOSS = adjustment("adjustments", "clearing:an-binh")


def adjusted(house: House, entry: Entry = LOSS, amount: int = 300, cause: str = "break:1") -> str:
    with house.databases.write.begin() as tx:
        return str(adjust(tx, "An Binh", entry, Money(amount), cause, house.now).id)


def standing(house: House) -> dict[str, int]:
    with house.databases.read() as tx:
        return {account: amount for _, account, _, amount in balances(tx)}


def test_an_adjustment_moves_money_between_two_accounts(house: House) -> None:
    adjusted(house)
    assert standing(house) == {"adjustments": 300, "clearing:an-binh": -300}


def test_the_same_adjustment_twice_is_one(house: House) -> None:
    assert adjusted(house) == adjusted(house)
    assert standing(house)["adjustments"] == 300


def test_one_cause_cannot_stand_for_two_adjustments(house: House) -> None:
    adjusted(house)
    with pytest.raises(Conflict, match=r"break:1 was booked before, as something else\."):
        adjusted(house, amount=301)
    assert standing(house)["adjustments"] == 300


def test_taking_an_adjustment_back_leaves_both_rows_and_no_balance(house: House) -> None:
    adjusted(house)
    for _again in range(2):
        with house.databases.write.begin() as tx:
            back = undo(tx, "break:1", house.now)
            assert (back.cause, back.debit, back.credit) == (
                "undo:break:1", "clearing:an-binh", "adjustments",
            )  # fmt: skip
    assert standing(house) == {"adjustments": 0, "clearing:an-binh": 0}


def test_what_was_never_booked_cannot_be_taken_back(house: House) -> None:
    with (
        pytest.raises(NotFound, match=r"Nothing was booked for break:2\."),
        house.databases.write.begin() as tx,
    ):
        undo(tx, "break:2", house.now)
