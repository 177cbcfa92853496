"""A closed day: what comes late changes none of its figures, and two people open it again."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from payments.attaching import attach
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import Audit, Movement, Payment, Transfer
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from reconciliation import totals
from reconciliation.closing import reopening
from reconciliation.closing.attempts import NotExplained
from reconciliation.closing.certificates import decode
from reconciliation.closing.states import closed_state
from reconciliation.days import IN_FLIGHT
from tests.reconciliation.closing_kit import (
    DONE,
    LAN,
    MAI,
    NOON,
    begin,
    close,
    confirm,
    finish,
    of,
    reopen,
    settled,
)
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, at, line, night
from tests.reconciliation.test_invariants import violations


def states(world: World) -> list[tuple[str, str, int | None]]:
    with world.databases.read() as tx:
        found = closed_state(tx, DAY, DAY + ONE, "An Bình")
    return [(f"{one.day:%d}", one.state, one.revision) for one in found]


def subjects(caught: pytest.ExceptionInfo[NotExplained]) -> list[tuple[str, str]]:
    return sorted((one.kind.value, one.subject.split(":")[0]) for one in caught.value.obstacles)


def test_late_money_lands_on_the_next_open_day_and_both_days_add_up(world: World) -> None:
    settled(world, PRICE)
    settled(world, PRICE, day=DAY + ONE)
    close(world)
    close(world, DAY + ONE, NOON + ONE)
    order = world.order(when=at(DAY, 22))
    later = at(DAY + 2 * ONE, 9)
    fact = MovementFact(MovementKind.RECEIPT, "T-late", PRICE, "VND", at(DAY, 22))
    world.tell(Told("late", order.code, Status.PAID, at(DAY, 22), (fact,)), now=later)
    with world.databases.read() as tx:
        row = tx.scalars(select(Movement).where(Movement.rail_ref == "T-late")).one()
        booked = tx.scalars(select(Transfer).where(Transfer.movement_id == row.id)).one()
        paid = tx.get_one(Payment, order.id)
    assert {row.book_day, booked.book_day, paid.book_day} == {DAY + 2 * ONE}
    assert business_day(row.event_at) == DAY
    assert violations(world) == []


def test_a_file_that_explains_a_closed_day_later_changes_none_of_its_figures(world: World) -> None:
    world.pay("A")
    world.reconcile()
    begin(world, exceptions={"account:an-binh": "the file comes tomorrow"})
    confirm(world)
    first = finish(world)
    with world.databases.read() as tx:
        (payment,) = tx.scalars(select(Payment)).all()
    world.settle(DAY, line("A", order=payment.code))
    world.reconcile(now=night(DAY + ONE))
    (before,) = decode(first)["figures"]
    rows = {row.day: row for row in world.totals(DAY)}
    assert (before["gross"], before["fees"], before["confirmed_gross"]) == (PRICE, 0, 0)
    assert (rows[DAY].gross, rows[DAY].fees, rows[DAY].confirmed_gross) == (PRICE, 0, PRICE)
    assert [row.fees for row in world.totals(DAY + ONE)] == [FEE]
    assert violations(world) == []


def test_money_attached_later_leaves_the_certificate_as_it_was(world: World) -> None:
    settled(world, PRICE)
    fact = MovementFact(MovementKind.RECEIPT, "T-lost", PRICE, "VND", at(DAY, 9))
    world.tell(Told("lost", None, Status.PAID, at(DAY, 9), (fact,)), now=NOON)
    order = world.order()
    begin(world, exceptions={"uncompared:an-binh": "nobody knows whose it is"})
    confirm(world)
    certificate = finish(world)
    with world.databases.write.begin() as tx:
        lost = tx.scalars(select(Movement).where(Movement.rail_ref == "T-lost")).one()
        attach(tx, lost.id, order.code, LAN, "found the driver", DONE + ONE)
        tx.flush()
        totals.refresh(tx, lost.account_id, DAY, DONE + ONE)
    parts = [(row["cost_centre"], row["count"]) for row in decode(certificate)["figures"]]
    assert parts == [("", 1), ("HK-001", 1)]
    assert [(row.cost_centre, row.count) for row in world.totals()] == [("HK-001", 2)]
    assert violations(world) == []


def test_a_closed_day_is_opened_again_by_two_people_for_a_reason(world: World) -> None:
    settled(world, PRICE)
    first = close(world)
    with world.databases.write.begin() as tx:
        with pytest.raises(WrongUsage, match="reason"):
            reopening.ask(tx, of(), "", LAN, DONE)
        with pytest.raises(Conflict, match="Nobody asked"):
            reopening.reopen(tx, of(), MAI, DONE)
        reopening.ask(tx, of(), "a file was wrong", LAN, DONE)
        with pytest.raises(Conflict, match="lan asked before"):
            reopening.ask(tx, of(), "the same", MAI, DONE)
        with pytest.raises(Conflict, match="not lan"):
            reopening.reopen(tx, of(), LAN, DONE)
        reopening.refuse(tx, of(), MAI, DONE)
        with pytest.raises(Conflict, match="Nobody asked"):
            reopening.reopen(tx, of(), MAI, DONE)
    reopen(world)
    assert states(world) == [("20", "open", 1)]
    with pytest.raises(Conflict, match="is not closed"):
        reopen(world)
    late = world.order(when=at(DAY, 22))
    fact = MovementFact(MovementKind.RECEIPT, "T-late", PRICE, "VND", at(DAY, 22))
    world.tell(Told("late", late.code, Status.PAID, at(DAY, 22), (fact,)), now=DONE)
    begin(world, exceptions={"uncompared:an-binh": "known from the bank"}, now=DONE)
    confirm(world, now=DONE)
    second = finish(world, now=DONE + IN_FLIGHT)
    content = decode(second)
    assert (second.number, second.revision, second.previous) == (2, 2, first.sha256)
    changed = {one["figure"]: (one["was"], one["is"]) for one in content["changes"]}
    assert changed["count"] == (1, 2)
    assert changed["gross"] == (PRICE, 2 * PRICE)
    assert content["reopened"]["reason"] == "a file was wrong"
    assert (content["reopened"]["asked_by"], content["reopened"]["confirmed_by"]) == (LAN, MAI)
    assert states(world) == [("20", "closed", 2)]
    with world.databases.read() as tx:
        acts = tx.scalars(select(Audit.act).where(Audit.subject == of().subject)).all()
    assert {"closing.reopening.ask", "closing.reopening.agree", "closing.close"} <= set(acts)
    assert violations(world) == []
