"""What is done to many differences at once: each whole or not at all, and counted."""

from __future__ import annotations

import uuid

import pytest

from payments.errors import NotFound, WrongUsage
from reconciliation.models import Break
from reconciliation.resolving.models import BreakAct
from reconciliation.resolving.service import Chosen
from tests.reconciliation.kit import (
    DAY,
    PRICE,
    World,
)
from tests.reconciliation.work import (
    LAN,
    approving,
    clearing,
    missing,
    resolving,
    rules_broken,
    saying,
    work,
    work_on,
)


def several(world: World, count: int) -> list[Break]:
    for number in range(count):
        world.pay(f"M{number}")
    world.settle(DAY)
    world.reconcile()
    with world.databases.read() as tx:
        return list(tx.query(Break).order_by(Break.id))


def test_what_is_done_to_many_is_counted_and_each_is_whole(world: World) -> None:
    first, second, third = several(world, 3)
    work(world, second.id, resolving("other", words="Đã xong"))
    chosen = Chosen([first.id, second.id, third.id, world.account.id])
    outcome = work_on(world, chosen, resolving("written_off"))
    done = [act for act in outcome.done if isinstance(act, BreakAct)]
    assert [(act.act, act.together) for act in done] == [("resolve", 3)] * 2
    told = {str(error.message): count for error, count in outcome.why}
    assert told == {
        "There is no such difference.": 1,
        "This difference is resolved already.": 1,
    }
    assert clearing(world) == PRICE
    assert sum(row.breaks for row in world.totals()) == 0
    assert rules_broken(world) == set()


def test_many_small_ones_weigh_as_much_as_their_sum(world: World) -> None:
    ids = [row.id for row in several(world, 11)]
    outcome = work_on(world, Chosen(ids), resolving("written_off"))
    assert (len(outcome.done), outcome.waiting) == (11, 11)
    assert clearing(world) == 11 * PRICE
    own = work_on(world, Chosen(ids), approving(LAN))
    assert (len(own.done), len(own.refused)) == (0, 11)
    assert len(work_on(world, Chosen(ids), approving()).done) == 11
    assert clearing(world) == 0
    assert rules_broken(world) == set()


def test_another_operators_difference_does_not_exist(world: World) -> None:
    found = missing(world)
    outcome = work_on(world, Chosen([found.id], "Cầu Gỗ"), saying("Xin chào"))
    [(_, error)] = outcome.refused
    assert isinstance(error, NotFound)
    assert world.count(BreakAct) == 0


@pytest.mark.parametrize("count", [0, 501])
def test_no_more_are_chosen_than_can_be_done_at_once(world: World, count: int) -> None:
    ids = [uuid.UUID(int=n) for n in range(count)]
    with pytest.raises(WrongUsage, match="between 1 and 500"):
        work_on(world, Chosen(ids), saying("Xin chào"))
