"""What people decided about differences, broken on purpose past triggers: each proof names the row."""

from __future__ import annotations

import pytest

from payments.adjusting import adjust, adjustment
from payments.models import Transfer
from payments.money import Money
from reconciliation.models import Break
from reconciliation.resolving.models import BreakAct, BreakProposal, BreakWords
from tests.reconciliation.kit import World
from tests.reconciliation.test_invariants import noticed, remove, tamper, unguarded, violations
from tests.reconciliation.work import (
    BIG,
    LAN,
    NOON,
    approving,
    missing,
    resolving,
    saying,
    undoing,
    work,
)


@pytest.fixture
def decided(world: World) -> tuple[World, Break]:
    """A difference that was written off, taken back, and written off again by two people."""
    row = missing(world, BIG)
    work(world, row.id, saying("Đã hỏi"))
    for deed in (resolving("written_off", words="Không thấy tiền"), undoing()):
        work(world, row.id, deed)
        work(world, row.id, approving())
    work(world, row.id, resolving("written_off"))
    work(world, row.id, approving())
    assert violations(world) == []
    return world, row


@pytest.mark.parametrize("table", [BreakAct])
def test_a_missing_trigger_of_the_log_is_noticed(
    decided: tuple[World, Break], table: type[BreakAct]
) -> None:
    world, _ = decided
    with world.databases.write.begin() as tx:
        unguarded(tx, table)
    names = {found.row for found in violations(world)}
    assert {"trigger break_act_no_update", "trigger break_act_no_delete"} <= names


def test_other_words_are_noticed(decided: tuple[World, Break]) -> None:
    world, _ = decided
    assert tamper(world, BreakWords, words="khác") == {"words_equal_their_digests"}


def test_a_resolution_nobody_gave_is_noticed(decided: tuple[World, Break]) -> None:
    world, row = decided
    rules = tamper(world, Break, Break.id == row.id, resolution="provider_corrects")
    assert rules == {"resolutions_are_in_the_log", "resolutions_are_booked"}
    told = [v for v in violations(world) if v.rule == "resolutions_are_in_the_log"]
    assert [(v.row, v.found) for v in told] == [
        (f"break {row.id}", "resolved as provider_corrects, the log says approve written_off")
    ]


def test_a_resolution_that_was_forgotten_is_noticed(decided: tuple[World, Break]) -> None:
    world, row = decided
    rules = tamper(world, Break, Break.id == row.id, state="open", resolution=None)
    assert {"resolutions_are_in_the_log", "resolutions_are_booked"} <= rules


def test_a_decision_that_lost_its_entry_is_noticed(decided: tuple[World, Break]) -> None:
    world, _ = decided
    with world.databases.write.begin() as tx:
        last = tx.query(BreakAct).order_by(BreakAct.id.desc()).first()
        assert last is not None
        last_id = last.id
        tx.query(BreakWords).filter(BreakWords.act_id == last_id).delete()
        tx.query(BreakProposal).delete()
    rules = remove(world, BreakAct, BreakAct.id == last_id)
    assert rules == {"resolutions_are_in_the_log", "resolutions_are_booked"}


def test_one_person_in_both_places_is_noticed(decided: tuple[World, Break]) -> None:
    world, _ = decided
    assert tamper(world, BreakAct, BreakAct.act == "approve", actor=LAN) == {
        "approvals_take_two_people"
    }


@pytest.mark.parametrize(
    "values", [{"amount": 1}, {"debit": "fees"}, {"credit": "bank"}, {"currency": "USD"}]
)
def test_a_resolution_booked_otherwise_is_noticed(
    decided: tuple[World, Break], values: dict[str, object]
) -> None:
    world, row = decided
    last = _standing(world, row)
    rules = tamper(world, Transfer, Transfer.cause == last, **values)
    assert rules == {"resolutions_are_booked"}


def test_a_resolution_that_is_not_booked_is_noticed(decided: tuple[World, Break]) -> None:
    world, row = decided
    assert remove(world, Transfer, Transfer.cause == _standing(world, row)) == {
        "resolutions_are_booked"
    }


def test_a_booking_for_no_resolution_is_noticed(decided: tuple[World, Break]) -> None:
    world, row = decided
    with world.databases.write.begin() as tx:
        entry = adjustment("adjustments", "clearing:an-binh")
        adjust(tx, "An Bình", entry, Money(300), f"break:{row.id}", NOON)
    assert noticed(world) == {"resolutions_are_booked"}


def test_a_taking_back_that_was_not_booked_is_noticed(decided: tuple[World, Break]) -> None:
    world, _ = decided
    assert remove(world, Transfer, Transfer.kind == "adjustment_undone") == {
        "resolutions_are_booked"
    }


def _standing(world: World, row: Break) -> str:
    """The cause of the resolution that stands."""
    with world.databases.read() as tx:
        query = tx.query(BreakAct.cause).filter(BreakAct.break_id == row.id)
        return str(query.order_by(BreakAct.id.desc()).limit(1).scalar())
