"""What rules decided is held to the books and to the logs: each proof is broken on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text, update

from payments.db import Base, new_id
from payments.models import Movement, Transfer
from payments.setting_aside import SetAside
from reconciliation.models import Assignment, AssignmentLog
from reconciliation.models import StatementLine as Stored
from reconciliation.rules.models import LineRule, OtherLine
from tests.reconciliation.kit import DAY, World, at
from tests.reconciliation.test_invariants import noticed, remove, tamper, violations
from tests.reconciliation.test_rules import ELECTRICITY, in_suspense, other, rule


@pytest.fixture
def ruled(world: World) -> World:
    """One line that is not parking, and money in suspense that was set aside."""
    rule(world)
    rule(world, "tien thue", sign=1, label="Rent")
    world.settle(
        DAY, other("E", -500_000, ELECTRICITY), in_suspense(world, "R", 9_000_000, "TIEN THUE T11")
    )
    world.reconcile()
    assert (world.count(OtherLine), world.count(SetAside)) == (1, 1)
    assert violations(world) == []
    return world


def found(world: World, rule_name: str) -> list[tuple[str, str]]:
    return [(v.row, v.found) for v in violations(world) if v.rule == rule_name]


@pytest.mark.parametrize(
    ("table", "forged", "says"),
    [
        (LineRule, {"approved_by": None}, "named by a rule nobody approved"),
        (Stored, {"order_code": "PK22222222222"}, "carries our code"),
        (Stored, {"text": "PK8VH7B9X369 tien dien"}, "carries our code"),
    ],
)
def test_a_named_line_that_is_ours_or_whose_rule_is_not_agreed_is_noticed(
    ruled: World, table: type[Base], forged: dict[str, Any], says: str
) -> None:
    with ruled.databases.read() as tx:
        (line_id,) = tx.scalars(select(OtherLine.line_id))
        (rule_id,) = tx.scalars(select(OtherLine.rule_id))
    wanted = Stored.id == line_id if table is Stored else LineRule.id == rule_id
    assert "other_lines_name_nobody" in tamper(ruled, table, wanted, **forged)
    assert found(ruled, "other_lines_name_nobody") == [("statement_line L-E", says)]


@pytest.mark.parametrize(
    ("table", "forged", "others"),
    [
        (Transfer, {"amount": 1}, set()),
        (Transfer, {"debit": "collected"}, set()),
        (Transfer, {"credit": "fees"}, set()),
        (Transfer, {"currency": "USD"}, set()),
        (Transfer, {"cause": "other:elsewhere"}, {"what_rules_booked_is_set_aside"}),
        (SetAside, {"cause": "other:elsewhere"}, {"what_rules_booked_is_set_aside"}),
    ],
)
def test_money_set_aside_and_booked_otherwise_is_noticed(
    ruled: World, table: type[Base], forged: dict[str, Any], others: set[str]
) -> None:
    wanted = Transfer.cause.startswith("other:") if table is Transfer else True
    assert tamper(ruled, table, wanted, **forged) == {"set_aside_is_booked", *others}
    assert found(ruled, "set_aside_is_booked") == [("movement T-R", "set aside, and not booked so")]


def test_money_set_aside_that_was_taken_back_in_the_books_alone_is_noticed(ruled: World) -> None:
    with ruled.databases.write.begin() as tx:
        made = tx.scalars(select(Transfer).where(Transfer.cause.startswith("other:"))).one()
        values = {c.key: getattr(made, c.key) for c in Transfer.__mapper__.column_attrs}
        changed = {
            "id": new_id(), "cause": f"undo:{made.cause}", "kind": "adjustment_undone",
            "debit": made.credit, "credit": made.debit,
        }  # fmt: skip
        tx.add(Transfer(**values | changed))
    assert noticed(ruled) == {"set_aside_is_booked"}


def test_money_set_aside_that_belongs_to_a_payment_is_noticed(ruled: World) -> None:
    payment = ruled.order()
    rules = tamper(ruled, Movement, Movement.rail_ref == "T-R", payment_id=payment.id)
    assert "set_aside_is_booked" in rules


def test_money_that_left_suspense_and_is_no_longer_set_aside_is_noticed(ruled: World) -> None:
    assert remove(ruled, SetAside) == {"what_rules_booked_is_set_aside"}
    ((row, says),) = found(ruled, "what_rules_booked_is_set_aside")
    assert row.startswith("transfer other:")
    assert says == "nothing is set aside by it"


def test_a_line_that_no_rule_names_any_more_without_a_word_is_noticed(ruled: World) -> None:
    assert "named_lines_are_in_the_log" in remove(ruled, OtherLine)
    ((row, says),) = found(ruled, "named_lines_are_in_the_log")
    assert row == "statement_line L-E"
    assert says.startswith("no longer named by rule ")


def test_a_line_that_no_rule_ever_named_is_noticed(ruled: World) -> None:
    with ruled.databases.write.begin() as tx:
        line_id = tx.scalars(select(Assignment.line_id)).one()
        (named,) = tx.scalars(select(OtherLine))
        tx.add(
            OtherLine(line_id=line_id, leg=named.leg, account_id=named.account_id,
                      rule_id=named.rule_id, at=at(DAY, 12))
        )  # fmt: skip
        rule_id = named.rule_id
    assert "named_lines_are_in_the_log" in noticed(ruled)
    assert found(ruled, "named_lines_are_in_the_log") == [
        ("statement_line L-R", f"named by rule {rule_id}, the log says nothing")
    ]


def test_a_line_named_by_another_rule_than_the_log_says_is_noticed(ruled: World) -> None:
    with ruled.databases.write.begin() as tx:
        (named,) = tx.scalars(select(OtherLine))
        (elsewhere,) = tx.scalars(select(LineRule.id).where(LineRule.id != named.rule_id))
        before = named.rule_id
        tx.execute(update(OtherLine).values(rule_id=elsewhere))
    assert found(ruled, "named_lines_are_in_the_log") == [
        ("statement_line L-E", f"named by rule {elsewhere}, the log says name {before}")
    ]


def test_a_line_given_back_in_the_log_alone_is_noticed(ruled: World) -> None:
    with ruled.databases.write.begin() as tx:
        entry = tx.scalars(select(AssignmentLog).where(AssignmentLog.act == "name")).one()
        values = {c.key: getattr(entry, c.key) for c in AssignmentLog.__mapper__.column_attrs}
        tx.add(AssignmentLog(**values | {"id": new_id(), "act": "give_back"}))
    assert noticed(ruled) == {"named_lines_are_in_the_log"}
    with ruled.databases.write.begin() as tx:
        tx.execute(text("DELETE FROM other_line"))
    assert "named_lines_are_in_the_log" not in noticed(ruled)
