"""A difference that gets another class stays with whoever has it, and keeps what was said."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from sqlalchemy import select

from reconciliation.breaks import BreakClass, Finding
from reconciliation.models import SETTLEMENT, Break
from reconciliation.opening import write
from reconciliation.resolving import tending
from reconciliation.resolving.log import timeline
from reconciliation.resolving.service import Chosen, do_to_one
from reconciliation.rules.by_hand import Deed
from reconciliation.rules.deciding import retire
from reconciliation.sides import Scope, Sides
from tests.reconciliation.kit import DAY, ONE, PRICE, World, at, line
from tests.reconciliation.test_by_hand import open_pair, pair, take_apart
from tests.reconciliation.test_invariants import violations
from tests.reconciliation.test_rules import ELECTRICITY, other, rule

LAN, MAI = "person:lan", "person:mai"


def the(world: World, kind: str) -> Break:
    with world.databases.read() as tx:
        return tx.scalars(select(Break).where(Break.kind == kind, Break.state == "open")).one()


def take(world: World, row: Break, who: str) -> None:
    deed = partial(tending.assign, owner=who, actor=who, now=at(DAY, 22))
    with world.databases.write.begin() as tx:
        do_to_one(tx, Chosen([row.id]), deed, at(DAY, 22))


def say(world: World, row: Break, who: str, words: str) -> None:
    deed = partial(tending.comment, text=words, actor=who, now=at(DAY, 22))
    with world.databases.write.begin() as tx:
        do_to_one(tx, Chosen([row.id]), deed, at(DAY, 22))


def test_owner_and_thread_go_on_under_the_new_class(world: World) -> None:
    payment = world.order()
    world.settle(DAY, line("A", PRICE + 500, order=payment.code))
    world.reconcile()
    before = the(world, "missing_internal")
    take(world, before, LAN)
    say(world, before, LAN, "Đã gọi đối tác")
    world.receive("A", payment)
    world.reconcile(now=at(DAY + ONE, 2))
    after = the(world, "amount_mismatch")
    assert after.id != before.id
    assert after.owner == LAN
    with world.databases.read() as tx:
        said = [(one.act.act, one.words, one.before) for one in timeline(tx, after)]
    assert said == [("comment", "Đã gọi đối tác", True), ("assign", None, True)]
    assert violations(world) == []


def test_a_difference_nobody_has_stays_free_and_others_keep_theirs(world: World) -> None:
    payment = world.order()
    world.settle(DAY, line("A", PRICE + 500, order=payment.code))
    world.receive("B", world.order())
    world.reconcile()
    take(world, the(world, "missing_external"), MAI)
    world.receive("A", payment)
    world.reconcile(now=at(DAY + ONE, 2))
    assert the(world, "amount_mismatch").owner is None
    assert the(world, "missing_external").owner == MAI


def renamed(world: World, *sides: Sides, hour: int) -> None:
    """The comparison finds these sides under another class."""
    found = [(one, Finding(BreakClass.STATUS_MISMATCH, 0)) for one in sides]
    with world.databases.write.begin() as tx:
        now = at(DAY + ONE, hour)
        scope = Scope(world.account, DAY, now, due_at=now, complete=True)
        write(tx, scope, SETTLEMENT, found, timing=False)


def test_of_two_that_become_one_the_lines_owner_stays(world: World) -> None:
    told, motion = open_pair(world)
    both = Sides(DAY, "VND", told.id, motion.id)
    take(world, the(world, "missing_external"), MAI)
    renamed(world, both, hour=1)
    assert the(world, "status_mismatch").owner == MAI
    renamed(world, Sides(DAY, "VND", told.id), Sides(DAY, "VND", movement_id=motion.id), hour=2)
    with world.databases.read() as tx:
        rows = tx.scalars(select(Break).where(Break.state == "open")).all()
    assert [row.owner for row in rows] == [MAI, MAI]
    take(world, next(row for row in rows if row.line_id), LAN)
    renamed(world, both, hour=3)
    assert the(world, "status_mismatch").owner == LAN


def test_who_takes_the_new_one_keeps_it(world: World) -> None:
    told, _ = open_pair(world)
    take(world, the(world, "missing_internal"), LAN)
    renamed(world, Sides(DAY, "VND", told.id), hour=1)
    take(world, the(world, "status_mismatch"), MAI)
    world.reconcile(now=at(DAY + ONE, 3))
    assert the(world, "missing_internal").owner == MAI


def test_the_half_that_is_named_later_goes_on_with_its_owner_too(world: World) -> None:
    """The movement of a pair is a difference of its own only once its day is complete."""
    told, motion = open_pair(world)
    renamed(world, Sides(DAY, "VND", told.id, motion.id), hour=1)
    take(world, the(world, "status_mismatch"), LAN)
    renamed(world, Sides(DAY, "VND", told.id), hour=2)
    renamed(world, Sides(DAY, "VND", movement_id=motion.id), hour=3)
    with world.databases.read() as tx:
        rows = tx.scalars(select(Break).where(Break.state == "open")).all()
    assert [row.owner for row in rows] == [LAN, LAN]


def test_a_pair_that_is_taken_apart_goes_back_to_whoever_had_its_sides(world: World) -> None:
    told, motion = open_pair(world)
    take(world, the(world, "missing_internal"), LAN)
    take(world, the(world, "missing_external"), MAI)
    deed = Deed(LAN, 10**9, at(DAY + ONE, 1))
    with world.databases.write.begin() as tx:
        pair(tx, told.id, motion.id, deed)
    with world.databases.write.begin() as tx:
        take_apart(tx, told.id, replace(deed, now=at(DAY + ONE, 2)))
    assert the(world, "missing_internal").owner == LAN
    assert the(world, "missing_external").owner == MAI


def test_a_line_that_a_retired_rule_gives_back_goes_to_whoever_had_it(world: World) -> None:
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    take(world, the(world, "missing_internal"), LAN)
    made = rule(world)
    world.reconcile(now=at(DAY + ONE, 1))
    with world.databases.write.begin() as tx:
        retire(tx, made.id, MAI, at(DAY + ONE, 2))
    assert the(world, "missing_internal").owner == LAN


def test_what_its_last_owner_put_down_stays_free(world: World) -> None:
    told, motion = open_pair(world)
    take(world, the(world, "missing_internal"), LAN)
    renamed(world, Sides(DAY, "VND", told.id), hour=1)
    put_down = partial(tending.assign, owner=None, actor=LAN, now=at(DAY + ONE, 2))
    with world.databases.write.begin() as tx:
        do_to_one(tx, Chosen([the(world, "status_mismatch").id]), put_down, at(DAY + ONE, 2))
    renamed(world, Sides(DAY, "VND", told.id, motion.id), hour=3)
    assert the(world, "status_mismatch").owner is None
