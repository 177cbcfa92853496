"""Each invariant is broken on purpose, past triggers and constraints, and must name the row."""

from __future__ import annotations

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from payments.adjusting import adjust, adjustment, undo
from payments.audit import append
from payments.db import Base
from payments.models import (
    Audit,
    AuditDetail,
    Movement,
    Notice,
    NoticeBody,
    Payment,
    Refund,
    Transfer,
)
from payments.money import Money
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.refunds import RefundRequest, ask
from payments.service import record
from reconciliation.invariants import PROOFS, Violation, check
from reconciliation.models import (
    AccountDay,
    Assignment,
    Break,
    DayTotal,
    Statement,
    StatementBody,
    StatementLine,
)
from tests.reconciliation.kit import (
    DAY,
    FEE,
    ONE,
    PRICE,
    World,
    altered,
    at,
    credit_line,
    line,
    night,
)

#: The kinds of database on which the whole day was seen to hold: it is made alike for every test.
HELD: set[str] = set()


@pytest.fixture
def proven(world: World) -> World:
    """A day with everything in it, in which every invariant holds."""
    paid, wrong = world.pay("A"), world.pay("B")
    world.pay("M")
    with world.databases.write.begin() as tx:
        wish = RefundRequest(paid.payment.id, 500, "charge", "left early", "lan", "K1")
        ask(tx, wish, at(DAY, 12))
        raw = Told("raw", paid.payment.code, Status.PAID, at(DAY))
        record(tx, world.account, raw, at(DAY), source="webhook", raw=b"as it came")
    wrong_line = altered(wrong.line, gross=PRICE + 1)
    world.settle(DAY, paid.line, wrong_line, line("X"))
    world.credit(DAY)
    world.reconcile()
    world.credit(DAY + ONE, credit_line(DAY + ONE, 3 * PRICE + 1 - 3 * FEE))
    world.settle(DAY + ONE)
    world.reconcile(DAY + ONE)
    kind = world.databases.engine.dialect.name
    if kind not in HELD:
        assert violations(world) == []
        HELD.add(kind)
    return world


def violations(world: World) -> list[Violation]:
    with world.databases.read() as tx:
        return list(check(tx))


def unguarded(tx: Session, *tables: type[Base]) -> None:
    """Take the append-only triggers of `tables` away, as an intruder would."""
    for table in tables:
        name = table.__tablename__
        if tx.get_bind().dialect.name == "postgresql":
            tx.execute(text(f"ALTER TABLE {name} DISABLE TRIGGER USER"))
        else:
            for act in ("update", "delete"):
                tx.execute(text(f"DROP TRIGGER IF EXISTS {name}_no_{act}"))


def tamper(world: World, table: type[Base], where: object = True, **values: object) -> set[str]:
    """Change rows behind everybody's back; the rules that notice, triggers aside."""
    with world.databases.write.begin() as tx:
        unguarded(tx, table)
        change = update(table).values(values)
        tx.execute(change if where is True else change.where(where))  # type: ignore[arg-type]
    return noticed(world)


def remove(world: World, table: type[Base], *where: object) -> set[str]:
    with world.databases.write.begin() as tx:
        unguarded(tx, table)
        for row in tx.query(table).filter(*where).limit(1):  # type: ignore[arg-type]
            tx.delete(row)
    return noticed(world)


def noticed(world: World) -> set[str]:
    return {found.rule for found in violations(world)} - {"triggers_are_in_place"}


def test_every_proof_tells_its_name_before_it_runs(proven: World) -> None:
    heard: list[str] = []
    with proven.databases.read() as tx:
        assert list(check(tx, heard.append)) == []
    assert heard == [proof.__name__ for proof in PROOFS]


@pytest.mark.parametrize("table", [Notice, Movement, Transfer, Audit, StatementLine])
def test_a_missing_trigger_is_noticed(proven: World, table: type[Base]) -> None:
    with proven.databases.write.begin() as tx:
        unguarded(tx, table)
    rows = {found.row for found in violations(proven)}
    name = table.__tablename__
    assert {f"trigger {name}_no_update", f"trigger {name}_no_delete"} <= rows


def test_replacing_past_the_triggers_is_noticed_on_sqlite(proven: World) -> None:
    with proven.databases.read() as tx:
        if tx.get_bind().dialect.name == "sqlite":
            tx.execute(text("PRAGMA recursive_triggers=OFF"))
        rules = [(found.rule, found.row) for found in check(tx)]
        sqlite = tx.get_bind().dialect.name == "sqlite"
    assert rules == ([("triggers_are_in_place", "pragma recursive_triggers")] if sqlite else [])


def test_a_movement_without_its_transfer_is_noticed(proven: World) -> None:
    rules = remove(proven, Transfer, Transfer.kind == "receipt")
    assert rules == {"transfers_equal_movements"}
    (found,) = [v for v in violations(proven) if v.rule == "transfers_equal_movements"]
    assert found.row.startswith("movement ")
    assert found.found == "0 transfers instead of 1"


@pytest.mark.parametrize(
    "values", [{"amount": 1}, {"currency": "USD"}, {"book_day": DAY - ONE}, {"operator": "X"}]
)
def test_a_transfer_of_other_money_is_noticed(proven: World, values: dict[str, object]) -> None:
    rules = tamper(proven, Transfer, Transfer.kind == "fee", **values)
    assert rules == {"transfers_equal_movements"}


def test_a_transfer_between_other_accounts_is_noticed(proven: World) -> None:
    rules = tamper(proven, Transfer, Transfer.kind == "payout", debit="cash:lan")
    assert rules == {"transfers_equal_movements"}
    found = [v for v in violations(proven) if v.rule == "transfers_equal_movements"]
    assert [(v.row, v.found) for v in found] == [
        (
            "movement an-binh payout B-1120",
            "1 booked as payout cash:lan ← clearing:an-binh",
        )
    ]


@pytest.mark.parametrize(
    "values", [{"amount": 1}, {"debit": "fees"}, {"kind": "refund_failed"}, {"refund_id": None}]
)
def test_a_refund_booked_otherwise_is_noticed(proven: World, values: dict[str, object]) -> None:
    rules = tamper(proven, Transfer, Transfer.kind == "refund_asked", **values)
    expected = {"transfers_equal_refunds"}
    if "refund_id" in values:
        expected.add("transfers_have_a_cause")
    assert rules == expected


def test_a_refund_called_failed_without_its_transfer_is_noticed(proven: World) -> None:
    assert tamper(proven, Refund, state="failed") == {
        "transfers_equal_refunds",
        "refunded_equals_its_rows",
    }


@pytest.mark.parametrize(
    "values", [{"amount": 1}, {"operator": "X"}, {"debit": "fees"}, {"cause": "undo:decision:2"}]
)
def test_an_adjustment_taken_back_otherwise_is_noticed(
    proven: World, values: dict[str, object]
) -> None:
    with proven.databases.write.begin() as tx:
        entry = adjustment("adjustments", "clearing:an-binh")
        adjust(tx, proven.account.operator, entry, Money(300), "decision:1", at(DAY))
        undo(tx, "decision:1", at(DAY))
    assert violations(proven) == []
    rules = tamper(proven, Transfer, Transfer.cause == "undo:decision:1", **values)
    assert rules == {"adjustments_are_whole"}


def test_a_cause_under_another_kind_of_transfer_is_noticed(proven: World) -> None:
    rules = tamper(proven, Transfer, Transfer.kind == "payout", cause="decision:1")
    assert rules == {"adjustments_are_whole", "transfers_have_a_cause"}


def test_a_movement_counted_twice_is_noticed(proven: World) -> None:
    """The unique key forbids it, so the proof is shown a table that has lost its key."""
    with proven.databases.write() as tx:
        keyless = "CREATE TEMPORARY TABLE movement AS SELECT * FROM movement UNION ALL SELECT * FROM movement"
        tx.execute(text(f"{keyless} WHERE kind = 'payout'"))
        found = [v for v in check(tx) if v.rule == "movements_count_once"]
    assert [(v.row, v.found) for v in found] == [("movement B-1120", "stands 2 times")]


@pytest.mark.parametrize(
    "values",
    [
        {"state": "pending"},
        {"flags": "disputed"},
        {"received": 1},
        {"reversed": 1},
        {"paid_at": None},
    ],
)
def test_a_payment_state_that_is_not_the_fold_is_noticed(
    proven: World, values: dict[str, object]
) -> None:
    assert tamper(proven, Payment, **values) == {"stored_state_equals_the_fold"}


def test_a_refunded_sum_that_is_not_its_rows_is_noticed(proven: World) -> None:
    assert tamper(proven, Payment, refunded=7) == {"refunded_equals_its_rows"}


def test_another_message_or_other_words_under_a_digest_are_noticed(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        append(tx, "lan", "look", "HK-001", {"why": "to see"}, at(DAY))
    assert tamper(proven, NoticeBody, body=b"forged") == {"notices_equal_their_digests"}
    assert tamper(proven, AuditDetail, detail={"why": "forged"}) == {
        "notices_equal_their_digests",
        "audit_equals_its_digests",
    }


def test_other_bytes_or_none_under_a_statement_are_noticed(proven: World) -> None:
    assert tamper(proven, StatementBody, body=b"forged") == {"statements_equal_their_bytes"}
    with proven.databases.write.begin() as tx:
        tx.query(StatementBody).delete()
    found = {v.found for v in violations(proven)}
    assert found == {"no bytes"}


@pytest.mark.parametrize("column", ["count", "gross", "fee", "net"])
def test_control_totals_that_do_not_hold_are_noticed(proven: World, column: str) -> None:
    assert tamper(proven, Statement, **{column: 99}) == {"control_totals_hold"}


def test_a_line_that_lost_its_match_is_noticed_on_both_sides(proven: World) -> None:
    rules = remove(proven, Assignment, Assignment.leg == "settlement")
    assert rules == {"each_side_once_per_leg", "totals_equal_their_rows"}
    rows = {v.row for v in violations(proven) if v.rule == "each_side_once_per_leg"}
    assert rows == {"statement_line L-A", "movement T-A"}


def test_a_payout_that_lost_its_match_is_noticed_on_both_sides(proven: World) -> None:
    proven.credit(DAY + 2 * ONE)
    proven.reconcile(DAY + 2 * ONE)
    remove(proven, Assignment, Assignment.leg == "bank")
    rows = {v.row for v in violations(proven) if v.rule == "each_side_once_per_leg"}
    assert rows == {"statement_line L-B-1120", "statement_line L-FT1121"}


def test_a_break_beside_a_match_is_noticed(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        for match in tx.query(Assignment):
            tx.add(
                Break(
                    leg=match.leg, account_id=match.account_id, day=DAY, kind="ambiguous",
                    line_id=match.line_id, movement_id=match.movement_id,
                    payout_id=match.payout_id, difference=0, currency="VND",
                    opened_at=night(DAY),
                )
            )  # fmt: skip
    found = [v for v in violations(proven) if v.rule == "each_side_once_per_leg"]
    assert {v.row: v.found for v in found} == {
        "statement_line L-A": "claimed 2 times on settlement",
        "movement T-A": "claimed 2 times on settlement",
        "statement_line L-B-1120": "claimed 2 times on bank",
        "statement_line L-FT1121": "claimed 2 times on bank",
    }


def test_a_match_of_other_money_is_noticed(proven: World) -> None:
    settlement = StatementLine.line_ref == "L-A"
    rules = tamper(proven, StatementLine, settlement, gross=1, net=1 - FEE)
    assert rules == {"matches_agree", "control_totals_hold", "shares_equal_their_lines"}
    bank = StatementLine.line_ref == "L-FT1121"
    tamper(proven, StatementLine, bank, gross=1, net=1)
    rows = {v.row for v in violations(proven) if v.rule == "matches_agree"}
    assert rows == {"statement_line L-A", "statement_line L-FT1121"}


def test_a_fee_that_is_not_booked_is_noticed(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        unguarded(tx, Movement, Transfer)
        fee = tx.query(Movement).filter(Movement.kind == "fee", Movement.rail_ref == "L-X").one()
        tx.query(Transfer).filter(Transfer.movement_id == fee.id).delete()
        tx.delete(fee)
    found = [v for v in violations(proven) if v.rule == "fees_are_booked"]
    assert [(v.row, v.found) for v in found] == [("statement_line L-X", "fee 220, booked 0")]


def test_a_total_that_is_not_its_rows_is_noticed(proven: World) -> None:
    rules = tamper(proven, DayTotal, DayTotal.cost_centre == "HK-001", count=9)
    assert rules == {"totals_equal_their_rows", "summaries_equal_their_totals"}
    assert remove(proven, DayTotal) == {"totals_equal_their_rows", "summaries_equal_their_totals"}
    with proven.databases.write.begin() as tx:
        of_day = tx.query(AccountDay).first()
        assert of_day is not None
        tx.add(
            DayTotal(
                day=of_day.day, account_id=of_day.account_id, cost_centre="ZZ", product="",
                count=1, gross=0, refunds=0, fees=0, net=0, confirmed_count=0, confirmed_gross=0,
                banked_count=0, banked_gross=0, breaks=0, computed_at=night(DAY),
            )
        )  # fmt: skip
    assert any(v.row.endswith("an-binh ZZ") for v in violations(proven))


def test_money_that_came_after_the_last_look_proves_nothing_yet(proven: World) -> None:
    payment = proven.order()
    motion_told_at = at(DAY + 2 * ONE)
    with proven.databases.write.begin() as tx:
        motion = MovementFact(MovementKind.RECEIPT, "T-N", PRICE, "VND", at(DAY, 22))
        told = Told("n", payment.code, Status.PAID, motion_told_at, (motion,))
        record(tx, proven.account, told, motion_told_at, source="poll")
    assert violations(proven) == []
    proven.reconcile(now=at(DAY + 2 * ONE, 12))
    assert [b.kind for b in proven.breaks() if b.payment == payment.code] == ["missing_external"]
    assert violations(proven) == []


def test_an_intruder_who_forgets_the_books_is_noticed(proven: World) -> None:
    rules = tamper(proven, Movement, Movement.rail_ref == "T-A", amount=1)
    assert rules == {
        "transfers_equal_movements",
        "stored_state_equals_the_fold",
        "matches_agree",
        "totals_equal_their_rows",
    }
