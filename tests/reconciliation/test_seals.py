"""The chain of seals: nothing that was sealed can be changed, removed, slipped in or put elsewhere unseen."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from payments import audit
from payments.adjusting import adjust, adjustment
from payments.attaching import attach
from payments.db import Base
from payments.models import Audit, Movement, Payment, Retelling, Transfer
from payments.money import Money
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from reconciliation.proofs.violation import Violation
from reconciliation.seals import sealing
from reconciliation.seals.models import Seal
from reconciliation.seals.sealing import Head, Turn, head, seal
from reconciliation.seals.verifying import chain_holds, rows_hold, unsealed
from tests.reconciliation.kit import DAY, PRICE, World, at
from tests.reconciliation.test_invariants import unguarded

#: Everything there is, whatever its id's millisecond.
NOW = Turn(at(DAY, 20), behind=timedelta(seconds=-1), block=3)


def fill(world: World, payments: int = 8) -> None:
    """A day with a row in every table that an ordinary day writes."""
    paid = [world.pay(f"P{n}") for n in range(payments)]
    world.settle(DAY, *(one.line for one in paid))
    receipt = MovementFact(MovementKind.RECEIPT, "T-lost", PRICE, "VND", at(DAY, 9))
    world.tell(Told("lost", None, Status.PAID, at(DAY, 9), (receipt,)))
    again = MovementFact(MovementKind.RECEIPT, "T-P0", PRICE, "VND", at(DAY))
    world.tell(Told("again", paid[0].payment.code, Status.PAID, at(DAY), (again,)))
    owed = world.order(PRICE)
    with world.databases.write.begin() as tx:
        lost = tx.scalars(select(Movement.id).where(Movement.rail_ref == "T-lost")).one()
        attach(tx, lost, owed.code, "person:lan", "found the driver", at(DAY, 12))
        money = Money(500)
        adjust(tx, "An Bình", adjustment("fees", "suspense"), money, "break:1", at(DAY, 12))
    world.reconcile()


def sealed(world: World) -> int:
    return seal(world.databases.write, NOW)


def off(world: World, expected: Head | None = None) -> list[Violation]:
    with world.databases.read() as tx:
        return [*chain_holds(tx, expected), *rows_hold(tx)]


def change(world: World, table: type[Base], statement: Any) -> None:
    """As an intruder would: triggers away first."""
    with world.databases.write.begin() as tx:
        unguarded(tx, table)
        tx.execute(statement)


def nth(world: World, column: Any, place: int) -> Any:
    with world.databases.read() as tx:
        return tx.scalars(select(column).order_by(column)).all()[place]


@pytest.fixture
def whole(world: World) -> World:
    """Everything sealed, nothing off."""
    fill(world)
    assert sealed(world) > 0
    assert off(world) == []
    return world


def test_every_table_has_its_blocks_and_a_second_run_adds_nothing(whole: World) -> None:
    with whole.databases.read() as tx:
        counts = dict(
            tx.execute(select(Seal.source, func.sum(Seal.count)).group_by(Seal.source)).all()
        )
        assert unsealed(tx) == 0
    tables = {
        "payment", "notice", "movement", "retelling", "transfer", "attachment", "audit",
        "statement_line", "assignment_log", "statement",
    }  # fmt: skip
    assert set(counts) == tables
    assert counts["payment"] == whole.count(Payment)
    assert counts["retelling"] == whole.count(Retelling) == 1
    assert sealed(whole) == 0


def test_the_chain_is_the_same_when_the_same_rows_are_read_again(whole: World) -> None:
    with whole.databases.read() as tx:
        before = head(tx)
    assert off(whole, before) == []
    assert before.number == whole.count(Seal)


def test_new_rows_join_the_chain_behind_the_others(whole: World) -> None:
    before = whole.count(Seal)
    whole.pay("later")
    assert sealed(whole) > 0
    assert whole.count(Seal) > before
    assert off(whole) == []


def test_what_may_still_be_on_its_way_is_not_sealed(world: World) -> None:
    fill(world)
    assert seal(world.databases.write, Turn(at(DAY, 20))) == 0
    with world.databases.read() as tx:
        assert unsealed(tx) > 0


@pytest.mark.parametrize(
    ("table", "change_of"),
    [
        (Movement, {"amount": PRICE + 1}),
        (Transfer, {"debit": "clearing:an-binh2"}),
        (Payment, {"amount": PRICE - 1}),
        (Payment, {"cost_centre": "HK-002"}),
        (Audit, {"actor": "person:mai"}),
    ],
)
def test_one_changed_value_is_found_with_its_row(
    whole: World, table: type[Any], change_of: dict[str, Any]
) -> None:
    row = nth(whole, table.id, -1)
    change(whole, table, update(table).where(table.id == row).values(change_of))
    (found,) = off(whole)
    assert found.rule == "seals_equal_their_rows"
    assert f"{table.__tablename__} " in found.row
    assert found.found == f"changed: {row.hex}"


def test_one_flipped_bit_of_a_text_is_found(whole: World) -> None:
    row = nth(whole, Movement.id, 0)
    change(whole, Movement, update(Movement).where(Movement.id == row).values(rail_ref="U-P0"))
    assert [found.found for found in off(whole)] == [f"changed: {row.hex}"]


def test_nothing_and_an_empty_text_are_not_the_same(whole: World) -> None:
    row = nth(whole, Transfer.id, 1)
    change(whole, Transfer, update(Transfer).where(Transfer.id == row).values(cause=""))
    assert [found.found for found in off(whole)] == [f"changed: {row.hex}"]


@pytest.mark.parametrize("place", [0, 4])
def test_a_removed_row_is_missed_in_its_place(whole: World, place: int) -> None:
    with whole.databases.write.begin() as tx:
        row, before = nth(whole, Transfer.id, place), nth(whole, Transfer.id, max(0, place - 1))
        unguarded(tx, Transfer)
        tx.execute(delete(Transfer).where(Transfer.id == row))
    (found,) = off(whole)
    assert found.found == f"1 removed after {before.hex if place else '0' * 32}"


@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_row_slipped_in_among_sealed_ones_is_named(whole: World, place: int) -> None:
    before = nth(whole, Transfer.id, place)
    slipped = type(before)(int=before.int + 1)
    with whole.databases.write.begin() as tx:
        row = tx.get_one(Transfer, before)
        columns = {c.key: getattr(row, c.key) for c in Transfer.__mapper__.column_attrs}
        changed = {"id": slipped, "movement_id": None, "cause": "break:9"}
        tx.execute(insert(Transfer).values(columns | changed))
    assert [found.found for found in off(whole)] == [f"slipped in: {slipped.hex}"]


def test_a_seal_made_to_fit_breaks_the_chain(whole: World) -> None:
    """An intruder who changes a row and writes its seal anew has to write every later one anew."""
    with whole.databases.read() as tx:
        kept = head(tx)
    change(whole, Seal, update(Seal).where(Seal.number == 2).values(rows="0" * 64))
    rules = [(found.rule, found.row.split(":")[0]) for found in off(whole, kept)]
    assert rules == [("seals_form_a_chain", "seal 2"), ("seals_equal_their_rows", "seal 2")]
    with whole.databases.write.begin() as tx:
        row = tx.get_one(Seal, 2)
        values = {c.key: getattr(row, c.key) for c in Seal.__mapper__.column_attrs}
        values.pop("digest")
        tx.execute(update(Seal).where(Seal.number == 2).values(digest=sealing.link(**values)))
    assert ("seals_form_a_chain", "seal 3") in [(v.rule, v.row) for v in off(whole, kept)]


def test_seals_in_another_order_break_the_chain(whole: World) -> None:
    with whole.databases.write.begin() as tx:
        unguarded(tx, Seal)
        for old, new in ((1, 1001), (2, 1), (1001, 2)):
            tx.execute(update(Seal).where(Seal.number == old).values(number=new))
    assert {found.rule for found in off(whole)} >= {"seals_form_a_chain"}


def test_a_removed_seal_is_missed_even_at_the_end_of_the_chain(whole: World) -> None:
    with whole.databases.read() as tx:
        kept = head(tx)
    change(whole, Seal, delete(Seal).where(Seal.number == kept.number))
    assert [found.row for found in off(whole, kept)] == [f"seal {kept.number}"]
    change(whole, Seal, delete(Seal).where(Seal.number == 2))
    assert any(found.row == "seal 3" for found in off(whole))


def test_a_block_in_a_form_that_never_was_is_not_believed(whole: World) -> None:
    change(whole, Seal, update(Seal).where(Seal.number == 1).values(form=77))
    assert any("form 77" in found.found for found in off(whole))


def test_marks_that_do_not_fit_do_not_hide_the_row(whole: World) -> None:
    row = nth(whole, Payment.id, 0)
    change(whole, Payment, update(Payment).where(Payment.id == row).values(amount=1))
    change(whole, Seal, update(Seal).where(Seal.number == 1).values(marks=b""))
    rules = {found.rule for found in off(whole)}
    assert rules == {"seals_form_a_chain", "seals_equal_their_rows"}


def test_seals_cannot_be_changed_or_deleted(whole: World) -> None:
    for statement in ("UPDATE seal SET first = ''", "DELETE FROM seal"):
        with pytest.raises(DatabaseError, match="append-only"), whole.databases.write.begin() as tx:
            tx.execute(text(statement))


def test_a_run_that_dies_leaves_whole_blocks_and_the_next_one_goes_on(world: World) -> None:
    fill(world)

    def die(source: str, _rows: int) -> None:
        if source == "movement":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seal(world.databases.write, Turn(NOW.now, NOW.behind, NOW.block, die))
    assert world.count(Seal) > 0
    assert off(world) == []
    sealed(world)
    with world.databases.read() as tx:
        assert unsealed(tx) == 0
    assert off(world) == []


def test_a_row_committed_late_is_never_skipped(world: World) -> None:
    """Its id is earlier than those of rows that are visible already; no seal may run past it."""
    world.pay("early")
    begun, go_on = threading.Event(), threading.Event()
    told = Told("slow", None, Status.PAID, at(DAY), (
        MovementFact(MovementKind.RECEIPT, "T-slow", PRICE, "VND", at(DAY)),
    ))  # fmt: skip

    def slow() -> None:
        with world.databases.write.begin() as tx:
            record(tx, world.account, told, at(DAY), source="webhook")
            tx.flush()
            begun.set()
            go_on.wait(10)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(10)
    if world.databases.engine.dialect.name == "postgresql":
        world.pay("late")
        seal(world.databases.write, Turn(NOW.now, timedelta(), block=3))
    go_on.set()
    thread.join()
    sealed(world)
    assert off(world) == []
    with world.databases.read() as tx:
        assert unsealed(tx) == 0


def test_two_who_seal_at_once_leave_one_chain(world: World) -> None:
    fill(world, 30)
    failed: list[Exception] = []

    def run() -> None:
        try:
            sealed(world)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all("Somebody else is sealing" in str(error) for error in failed)
    sealed(world)
    assert off(world) == []


def test_played_time_does_not_matter(world: World) -> None:
    """Instants that are played lie anywhere; ids tell the time of the machine."""
    world.pay("P", when=at(DAY - timedelta(days=300)))
    with world.databases.write.begin() as tx:
        audit.append(tx, "lan", "x", "y", {}, at(DAY + timedelta(days=300)))
    sealed(world)
    assert off(world) == []
    world.pay("Q", when=at(DAY - timedelta(days=400)))
    sealed(world)
    assert off(world) == []
