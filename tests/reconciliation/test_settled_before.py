"""A later file after a person decided: nothing is matched behind their back, nothing told twice."""

from __future__ import annotations

import uuid

from reconciliation.models import Break
from reconciliation.resolving.clashes import settled_counterpart
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    credit_line,
    file_of,
    line,
    night,
)
from tests.reconciliation.work import (
    balance,
    clearing,
    everything,
    one,
    paid_out,
    resolving,
    rules_broken,
    state_of,
    their_word,
    undoing,
    work,
)


def late_line(world: World) -> Break:
    """Money that was written off stands in the file of the day after."""
    paid = world.pay("M")
    world.settle(DAY)
    world.reconcile()
    found = one(world, "missing_external")
    work(world, found.id, resolving("written_off"))
    world.settle(DAY + ONE, paid.line)
    world.reconcile(DAY + ONE)
    world.reconcile(DAY)
    with world.databases.read() as tx:
        return tx.get_one(Break, found.id)


def test_a_line_for_money_that_was_written_off_is_a_difference_of_its_own(world: World) -> None:
    written_off = late_line(world)
    assert (written_off.state, written_off.resolution) == ("resolved", "written_off")
    found = one(world, "missing_internal")
    assert (found.state, found.line) == ("open", "L-M")
    assert rules_broken(world) == set()
    work(world, found.id, resolving("kept"))
    assert clearing(world) == their_word(world)
    assert balance(world, "adjustments") == 0
    assert rules_broken(world) == set()


def test_taking_the_write_off_back_lets_both_sides_find_each_other(world: World) -> None:
    written_off = late_line(world)
    work(world, written_off.id, undoing())
    world.reconcile(DAY + ONE)
    assert {row.state for row in everything(world)} == {"resolved"}
    assert state_of(world, written_off.id)[1] in ("matched", "late")
    assert clearing(world) == their_word(world)
    assert rules_broken(world) == set()


def test_a_movement_that_comes_after_its_line_was_resolved_is_a_difference_of_its_own(
    world: World,
) -> None:
    payment = world.order()
    world.settle(DAY, line("X", order=payment.code))
    world.reconcile()
    work(world, one(world, "missing_internal").id, resolving("to_return"))
    world.receive("X", payment)
    world.reconcile(now=night(DAY + ONE))
    assert one(world, "missing_external").state == "open"
    assert rules_broken(world) == set()


def test_a_late_payout_at_the_bank_after_a_person_is_a_difference_of_its_own(world: World) -> None:
    paid_out(world)
    work(world, one(world, "missing_external").id, resolving("seen_at_bank"))
    world.put(
        file_of(DAY + 2 * ONE, credit_line(DAY + 2 * ONE, PRICE - FEE, DAY), version=2), "bank"
    )
    world.reconcile(DAY + 2 * ONE, now=night(DAY + 4 * ONE))
    assert one(world, "duplicate_external").state == "open"
    assert rules_broken(world) == set()


def named_by(world: World, break_id: uuid.UUID) -> uuid.UUID | None:
    """The resolved difference that the page of this one names."""
    with world.databases.read() as tx:
        return settled_counterpart(tx, tx.get_one(Break, break_id))


def test_a_late_line_names_the_write_off_that_keeps_it_apart(world: World) -> None:
    written_off = late_line(world)
    assert named_by(world, one(world, "missing_internal").id) == written_off.id
    assert named_by(world, written_off.id) is None


def test_a_late_movement_names_the_resolved_line_with_its_code(world: World) -> None:
    payment = world.order()
    world.settle(DAY, altered(line("X", order=payment.code), rail_ref=None))
    world.reconcile()
    settled = one(world, "missing_internal")
    work(world, settled.id, resolving("to_return"))
    world.receive("X", payment)
    world.reconcile(now=night(DAY + ONE))
    assert named_by(world, one(world, "missing_external").id) == settled.id


def test_a_line_that_only_names_an_order_names_what_was_decided_about_its_money(
    world: World,
) -> None:
    payment = world.order()
    world.receive("M", payment)
    world.settle(DAY)
    world.reconcile()
    settled = one(world, "missing_external")
    work(world, settled.id, resolving("written_off"))
    late = altered(line("L", order=payment.code), rail_ref=None)
    world.settle(DAY + ONE, late)
    world.reconcile(DAY + ONE)
    assert named_by(world, one(world, "missing_internal").id) == settled.id


def test_a_credit_names_the_payout_that_was_seen_at_the_bank_before(world: World) -> None:
    paid_out(world)
    settled = one(world, "missing_external")
    work(world, settled.id, resolving("seen_at_bank"))
    late = credit_line(DAY + 2 * ONE, PRICE - FEE, DAY)
    world.put(file_of(DAY + 2 * ONE, late, version=2), "bank")
    world.reconcile(DAY + 2 * ONE, now=night(DAY + 4 * ONE))
    assert named_by(world, one(world, "duplicate_external").id) == settled.id


def test_a_difference_that_nobody_decided_about_names_none(world: World) -> None:
    world.settle(DAY, line("I"))
    world.reconcile()
    assert named_by(world, one(world, "missing_internal").id) is None
