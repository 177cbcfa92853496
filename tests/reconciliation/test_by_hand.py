"""Pairs that differ by little, pairs that a person makes, and pairs that a person takes apart."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Movement, Transfer
from payments.provider import LineKind, MovementKind
from reconciliation.invariants import check
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, StatementLine
from reconciliation.rules import by_hand
from reconciliation.rules.by_hand import Deed, suggestions
from reconciliation.rules.deciding import approve, propose_tolerance, retire
from reconciliation.storing import accept
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, altered, at, file_of, line, night

AN, BINH = "person:an", "person:binh"
DEED = Deed(AN, 1_000, night(DAY))


def tolerate(world: World, tolerance: int) -> None:
    with world.databases.write.begin() as tx:
        made = propose_tolerance(tx, world.account, tolerance, AN, at(DAY))
        approve(tx, made.id, BINH, at(DAY))


def pair(tx: Session, line_id: UUID, movement_id: UUID, deed: Deed) -> None:
    by_hand.pair(tx, by_hand.open_two(tx, line_id, movement_id, deed.now), deed)


def take_apart(tx: Session, line_id: UUID, deed: Deed) -> None:
    by_hand.take_apart(tx, by_hand.matched_two(tx, line_id, deed.now), deed)


def proven(world: World) -> list[object]:
    with world.databases.read() as tx:
        return list(check(tx))


def line_of(world: World, ref: str) -> StatementLine:
    with world.databases.read() as tx:
        return tx.scalars(select(StatementLine).where(StatementLine.line_ref == f"L-{ref}")).one()


def movement_of(world: World, ref: str) -> Movement:
    with world.databases.read() as tx:
        receipt = Movement.rail_ref == f"T-{ref}", Movement.kind == "receipt"
        return tx.scalars(select(Movement).where(*receipt)).one()


def matched(world: World) -> list[tuple[str, str]]:
    with world.databases.read() as tx:
        found = tx.execute(
            select(StatementLine.line_ref, Assignment.rule)
            .join(Assignment, Assignment.line_id == StatementLine.id)
            .where(Assignment.leg == SETTLEMENT)
        )
        return sorted((ref, rule) for ref, rule in found)


def booked(world: World) -> list[tuple[str, str, int]]:
    """(debit, credit, amount) of what was adjusted, in order."""
    with world.databases.read() as tx:
        rows = select(Transfer).where(Transfer.cause.is_not(None)).order_by(Transfer.id)
        return [(row.debit, row.credit, row.amount) for row in tx.scalars(rows)]


HELD = "clearing:an-binh"


@pytest.mark.parametrize(
    ("off", "entry"),
    [(5, (HELD, "adjustments", 5)), (-5, ("adjustments", HELD, 5))],
)
def test_a_small_difference_is_matched_and_booked(
    world: World, off: int, entry: tuple[str, str, int]
) -> None:
    tolerate(world, 5)
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE + off), world.pay("B").line)
    world.reconcile()
    world.reconcile()
    assert matched(world) == [("L-A", "rail_reference~5"), ("L-B", "rail_reference")]
    assert (world.brief(), booked(world)) == ([], [entry])
    assert proven(world) == []


def test_beyond_the_tolerance_it_is_a_difference(world: World) -> None:
    tolerate(world, 5)
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE - 6))
    world.reconcile()
    assert world.brief() == [("amount_mismatch", "L-A", -6, "open")]
    assert (matched(world), booked(world)) == ([], [])


def test_a_tolerance_explains_what_was_open_and_ends_when_retired(world: World) -> None:
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE - 3))
    world.reconcile()
    assert world.brief() == [("amount_mismatch", "L-A", -3, "open")]
    with world.databases.write.begin() as tx:
        first = propose_tolerance(tx, world.account, 5, AN, at(DAY))
        approve(tx, first.id, BINH, at(DAY))
    assert world.reconcile().resolved == 1
    with world.databases.write.begin() as tx:
        retire(tx, first.id, BINH, night(DAY))
    world.settle(DAY + ONE, altered(world.pay("B", when=at(DAY + ONE)).line, gross=PRICE - 3))
    world.reconcile(DAY + ONE)
    assert [b.kind for b in world.breaks(DAY + ONE)] == ["amount_mismatch"]
    assert matched(world) == [("L-A", "rail_reference~5")]
    assert proven(world) == []


def test_a_tolerance_is_small_and_one_per_account(world: World) -> None:
    for wrong in (0, -1, 1_001):
        with pytest.raises(WrongUsage), world.databases.write.begin() as tx:
            propose_tolerance(tx, world.account, wrong, AN, at(DAY))
    tolerate(world, 5)
    tolerate(world, 2)
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE - 3))
    world.reconcile()
    assert matched(world) == []


def test_two_people_decide_a_tolerance(world: World) -> None:
    with pytest.raises(Conflict), world.databases.write.begin() as tx:
        approve(tx, propose_tolerance(tx, world.account, 5, AN, at(DAY)).id, AN, at(DAY))


def open_pair(world: World, off: int = 0) -> tuple[StatementLine, Movement]:
    """A line with another reference than the money it tells of."""
    world.pay("A")
    told = line("Z", PRICE + off, FEE, rail="T-Z", when=at(DAY, 10, 20))
    world.settle(DAY, told)
    world.reconcile()
    assert [b.state for b in world.breaks()] == ["open", "open"]
    return line_of(world, "Z"), movement_of(world, "A")


def test_a_person_pairs_what_nobody_else_can(world: World) -> None:
    told, motion = open_pair(world)
    with world.databases.write.begin() as tx:
        assert [(a.id, b.id) for a, b in suggestions(tx, told, None)] == [(told.id, motion.id)]
        assert [(a.id, b.id) for a, b in suggestions(tx, None, motion)] == [(told.id, motion.id)]
        pair(tx, told.id, motion.id, DEED)
        assert suggestions(tx, told, None) == []
        made = tx.scalars(select(Assignment)).one()
    assert (made.rule, made.matched_by, booked(world)) == ("by_hand", AN, [])
    assert [b.state for b in world.breaks()] == ["resolved", "resolved"]
    assert sum(total.confirmed_count for total in world.totals()) == 1
    assert proven(world) == []
    before = world.count(AssignmentLog)
    world.reconcile()
    assert world.count(AssignmentLog) == before
    assert proven(world) == []


def test_what_a_pair_by_hand_differs_by_is_booked(world: World) -> None:
    told, motion = open_pair(world, off=-700)
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
    assert booked(world) == [("adjustments", HELD, 700)]
    assert proven(world) == []
    with world.databases.write.begin() as tx:
        take_apart(tx, told.id, Deed(BINH, 0, night(DAY)))
    assert booked(world)[1:] == [(HELD, "adjustments", 700)]
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
    assert booked(world)[2:] == [("adjustments", HELD, 700)]
    assert proven(world) == []


def test_a_pair_taken_apart_is_not_made_again_by_itself(world: World) -> None:
    world.settle(DAY, world.pay("A").line)
    world.reconcile()
    told, motion = line_of(world, "A"), movement_of(world, "A")
    with world.databases.write.begin() as tx:
        take_apart(tx, told.id, DEED)
    assert proven(world) == []
    world.reconcile(now=night(DAY) + timedelta(hours=1))
    assert matched(world) == []
    assert [b.state for b in world.breaks() if b.state == "open"] == ["open", "open"]
    assert proven(world) == []
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
    assert matched(world) == [("L-A", "by_hand")]
    assert proven(world) == []


def test_a_tolerated_pair_taken_apart_takes_its_adjustment_back(world: World) -> None:
    tolerate(world, 5)
    world.settle(DAY, altered(world.pay("A").line, gross=PRICE - 3))
    world.reconcile()
    with world.databases.write.begin() as tx:
        take_apart(tx, line_of(world, "A").id, DEED)
    world.reconcile(now=night(DAY) + timedelta(hours=1))
    assert (matched(world), len(booked(world))) == ([], 2)
    assert proven(world) == []


def test_a_side_taken_apart_may_find_another(world: World) -> None:
    told, motion = open_pair(world)
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
        take_apart(tx, told.id, DEED)
    world.receive("Z", world.order(), when=at(DAY))
    world.reconcile(now=night(DAY) + timedelta(hours=1))
    assert matched(world) == [("L-Z", "rail_reference")]
    assert proven(world) == []


def test_only_sides_that_fit_can_be_paired(world: World) -> None:
    told, motion = open_pair(world)
    world.move(MovementKind.REFUND, "R", world.pay("B").payment)
    with world.databases.read() as tx:
        refund = tx.scalars(select(Movement).where(Movement.kind == "refund")).one()
    with pytest.raises(Conflict, match="of two kinds"), world.databases.write.begin() as tx:
        pair(tx, told.id, refund.id, DEED)
    with pytest.raises(NotFound, match="no such money"), world.databases.write.begin() as tx:
        pair(tx, told.id, told.id, DEED)
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
    with pytest.raises(Conflict, match=r"Line .* is matched"), world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, DEED)
    with pytest.raises(NotFound), world.databases.write.begin() as tx:
        pair(tx, motion.id, motion.id, DEED)
    with pytest.raises(NotFound), world.databases.write.begin() as tx:
        take_apart(tx, motion.id, DEED)


def test_what_happened_long_before_is_not_suggested(world: World) -> None:
    world.pay("A")
    world.settle(DAY, line("Z", PRICE, FEE, LineKind.PAYMENT, rail="T-Z", when=at(DAY, 10, 31)))
    world.reconcile()
    with world.databases.read() as tx:
        assert suggestions(tx, line_of(world, "Z"), None) == []


def test_the_fee_of_a_pair_made_before_the_first_look_is_booked(world: World) -> None:
    paid = world.pay("A")
    other = altered(paid.line, line_ref="L-Z", rail_ref="T-Z", order_code=None)
    file = file_of(DAY, other)
    with world.databases.write.begin() as tx:
        accept(tx, world.account.id, SETTLEMENT, DAY, file, night(DAY))
    with world.databases.write.begin() as tx:
        pair(tx, line_of(world, "Z").id, movement_of(world, "A").id, DEED)
    world.settle(DAY, other)
    world.reconcile()
    with world.databases.read() as tx:
        fees = tx.scalars(select(Movement.amount).where(Movement.kind == "fee")).all()
    assert fees == [FEE]
    assert not proven(world)
