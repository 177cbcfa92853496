"""A pair of more than the limit takes two people, to make it and to take it apart."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from payments.errors import Conflict, NotFound
from payments.models import Audit
from reconciliation.models import AssignmentLog, Break
from reconciliation.resolving.deciding import NeedsAnother
from reconciliation.resolving.finding import Wanted, find, pairs_proposed
from reconciliation.rules.agreeing import approve, pair, refuse, take_apart, waiting
from reconciliation.rules.by_hand import Deed
from reconciliation.rules.models import HandMatch
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, altered, at, line, night
from tests.reconciliation.test_by_hand import booked, line_of, matched, movement_of, open_pair
from tests.reconciliation.test_invariants import tamper, unguarded, violations
from tests.reconciliation.test_seals import change, off, sealed

AN, BINH = Deed("person:an", PRICE - 1, night(DAY)), Deed("person:binh", PRICE - 1, night(DAY))
WITHIN = Deed("person:an", PRICE, night(DAY))


def proposed(world: World) -> HandMatch:
    """An asked for the two sides of an open pair."""
    told, motion = open_pair(world)
    with world.databases.write.begin() as tx:
        asked = pair(tx, told.id, motion.id, AN)
        assert asked is not None
    return asked


def waits(world: World) -> list[str]:
    """The classes of the differences that wait for a second person."""
    with world.databases.read() as tx:
        found = find(tx, Wanted(state="waiting"), DAY)
        assert pairs_proposed(tx, [row.id for row in found]) == {row.id for row in found}
        return sorted(row.kind for row in found)


def test_up_to_the_limit_one_person_pairs_and_takes_apart(world: World) -> None:
    told, motion = open_pair(world)
    with world.databases.write.begin() as tx:
        assert pair(tx, told.id, motion.id, WITHIN) is None
    assert matched(world) == [("L-Z", "by_hand")]
    with world.databases.write.begin() as tx:
        assert take_apart(tx, told.id, WITHIN) is None
    assert (matched(world), world.count(HandMatch)) == ([], 0)
    assert violations(world) == []


def test_above_it_a_pair_waits_for_somebody_else(world: World) -> None:
    asked = proposed(world)
    assert (matched(world), asked.amount, asked.difference) == ([], PRICE, 0)
    assert waits(world) == ["missing_external", "missing_internal"]
    with pytest.raises(NeedsAnother, match="an proposed this"), world.databases.write.begin() as tx:
        approve(tx, asked.id, AN)
    world.reconcile()
    assert matched(world) == []
    with world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    assert matched(world) == [("L-Z", "by_hand")]
    assert [row.state for row in world.breaks()] == ["resolved", "resolved"]
    assert waits(world) == []
    with world.databases.read() as tx:
        acts = select(Audit.act, Audit.actor).where(Audit.act.startswith("hand_match."))
        assert tx.execute(acts.order_by(Audit.id)).all() == [
            ("hand_match.propose", "person:an"),
            ("hand_match.approved", "person:binh"),
        ]
    assert violations(world) == []


@pytest.mark.parametrize(
    ("off", "limit", "waits_for_another"),
    [(0, PRICE, False), (1, PRICE, True), (-1, PRICE, False), (-1, PRICE - 1, True)],
)
def test_a_pair_weighs_the_larger_side(
    world: World, off: int, limit: int, waits_for_another: bool
) -> None:
    told, motion = open_pair(world, off)
    with world.databases.write.begin() as tx:
        asked = pair(tx, told.id, motion.id, Deed("person:an", limit, night(DAY)))
    assert (asked is not None) == waits_for_another
    assert (matched(world) == []) == waits_for_another


def test_another_currency_always_takes_two(world: World) -> None:
    world.receive("A", world.order(), currency="USD")
    told = line("Z", PRICE, FEE, rail="T-Z", when=at(DAY, 10, 20))
    world.settle(DAY, altered(told, currency="USD"))
    world.reconcile()
    with world.databases.write.begin() as tx:
        far = Deed("person:an", 10 * PRICE, night(DAY))
        assert pair(tx, line_of(world, "Z").id, movement_of(world, "A").id, far) is not None
    assert matched(world) == []


def test_what_the_two_sides_differ_by_is_booked_when_it_is_approved(world: World) -> None:
    told, motion = open_pair(world, off=-700)
    with world.databases.write.begin() as tx:
        asked = pair(tx, told.id, motion.id, AN)
    assert asked is not None
    assert booked(world) == []
    with world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    assert booked(world) == [("adjustments", "clearing:an-binh", 700)]
    assert violations(world) == []


def test_taking_apart_takes_two_as_well_whoever_made_the_pair(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.settle(DAY + ONE)
    world.reconcile()
    told = line_of(world, "A")
    with world.databases.write.begin() as tx:
        asked = take_apart(tx, told.id, AN)
        assert asked is not None
        with pytest.raises(NeedsAnother):
            approve(tx, asked.id, AN)
    assert matched(world) == [("L-A", "rail_reference")]
    with world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    assert matched(world) == []
    with world.databases.read() as tx:
        undone = select(AssignmentLog.actor).where(AssignmentLog.act == "unmatch")
        assert tx.scalars(undone).all() == ["person:binh"]
    assert violations(world) == []


@pytest.mark.parametrize("by", [AN, BINH])
def test_a_proposal_can_be_sent_back_and_made_again(world: World, by: Deed) -> None:
    asked = proposed(world)
    with world.databases.write.begin() as tx:
        refuse(tx, asked.id, by)
    assert waits(world) == []
    with pytest.raises(Conflict, match="decided"), world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    with world.databases.write.begin() as tx:
        again = pair(tx, asked.line_id, asked.movement_id, BINH)
        assert again is not None
        approve(tx, again.id, AN)
    assert matched(world) == [("L-Z", "by_hand")]
    assert violations(world) == []


def test_one_proposal_at_a_time(world: World) -> None:
    asked = proposed(world)
    with (
        pytest.raises(Conflict, match="an proposed something"),
        world.databases.write.begin() as tx,
    ):
        pair(tx, asked.line_id, asked.movement_id, BINH)
    with pytest.raises(NotFound), world.databases.write.begin() as tx:
        approve(tx, asked.line_id, BINH)


def test_a_proposal_whose_sides_went_their_own_way_lapses(world: World) -> None:
    asked = proposed(world)
    with world.databases.write.begin() as tx:
        (row,) = tx.scalars(select(Break).where(Break.movement_id == asked.movement_id))
        assert waiting(tx, row) is not None
    world.settle(DAY + ONE, line("A", PRICE, FEE, when=at(DAY)))
    world.reconcile(DAY + ONE)
    assert matched(world) == [("L-A", "rail_reference")]
    with pytest.raises(Conflict, match=r"Money .* is matched"), world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    world.receive("N", world.order(), when=at(DAY, 10, 25))
    world.reconcile(now=night(DAY + ONE))
    with world.databases.write.begin() as tx:
        again = pair(tx, asked.line_id, movement_of(world, "N").id, BINH)
        assert again is not None
        tx.refresh(lapsed := tx.get_one(HandMatch, asked.id))
        assert (lapsed.outcome, lapsed.decided_by) == ("lapsed", "person:binh")
    assert violations(world) == []


@pytest.mark.parametrize(
    "forged",
    [
        {"outcome": None, "decided_by": None, "decided_at": None},
        {"outcome": "refused"},
        {"decided_by": "person:chi"},
        {"proposed_by": "person:chi"},
        {"decided_at": at(DAY, 9)},
    ],
)
def test_a_decision_about_a_pair_that_nobody_took_is_noticed(
    world: World, forged: dict[str, Any]
) -> None:
    asked = proposed(world)
    with world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    assert violations(world) == []
    assert tamper(world, HandMatch, **forged) == {"pairs_by_hand_took_two_people"}


def test_one_person_in_both_places_is_refused_by_the_database(world: World) -> None:
    asked = proposed(world)
    values = {"outcome": "approved", "decided_by": "person:an", "decided_at": at(DAY)}
    with pytest.raises(IntegrityError), world.databases.write.begin() as tx:
        tx.execute(update(HandMatch).where(HandMatch.id == asked.id).values(values))


@pytest.mark.parametrize("act", ["UPDATE hand_match SET amount = 1", "DELETE FROM hand_match"])
def test_what_was_proposed_never_changes(world: World, act: str) -> None:
    proposed(world)
    with pytest.raises(DatabaseError, match="append-only"), world.databases.write.begin() as tx:
        tx.execute(text(act))


@pytest.mark.parametrize("forged", [{"amount": 1}, {"proposed_by": "person:am"}])
def test_a_proposal_is_sealed(world: World, forged: dict[str, Any]) -> None:
    asked = proposed(world)
    sealed(world)
    with world.databases.write.begin() as tx:
        approve(tx, asked.id, BINH)
    assert off(world) == []
    change(world, HandMatch, update(HandMatch).values(forged))
    assert [found.found for found in off(world)] == [f"changed: {asked.id.hex}"]


def test_a_missing_guard_of_proposals_is_noticed(world: World) -> None:
    with world.databases.write.begin() as tx:
        unguarded(tx, HandMatch)
    rows = {found.row for found in violations(world)}
    assert {"trigger hand_match_no_update", "trigger hand_match_no_delete"} <= rows
