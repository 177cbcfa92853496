"""Lines that are not parking: named by rules that two people agreed on, and given back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from payments.book_days import stop
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Audit, Transfer
from payments.provider import LineKind, MovementFact, MovementKind, StatementLine, Status
from payments.provider import Notice as Told
from payments.setting_aside import SetAside
from reconciliation.invariants import check
from reconciliation.models import BANK, SETTLEMENT, Assignment, AssignmentLog
from reconciliation.models import StatementLine as Stored
from reconciliation.resolving.deciding import NeedsAnother
from reconciliation.rules.deciding import Proposal, approve, propose, retire
from reconciliation.rules.finding import named_by_rule, not_parking, preview
from reconciliation.rules.models import LineRule, OtherLine
from tests.reconciliation.kit import DAY, ONE, PRICE, World, at, file_of, line, night

AN, BINH = "person:an", "person:binh"
ELECTRICITY = "EVN HA NOI thu tien dien ky 11"


def other(ref: str, amount: int, words: str, **more: Any) -> StatementLine:
    return line(ref, amount, 0, LineKind.OTHER, **more)._replace(text=words)


def proposal(world: World, words: str = "tiền điện", **changes: Any) -> Proposal:
    asked = Proposal(world.account.operator, None, SETTLEMENT, words, -1, None, None, "Electricity")
    return replace(asked, **changes)


def rule(world: World, words: str = "tiền điện", **changes: Any) -> LineRule:
    """An approved one."""
    with world.databases.write.begin() as tx:
        made = propose(tx, proposal(world, words, **changes), AN, at(DAY))
        return approve(tx, made.id, BINH, at(DAY))


def proven(world: World) -> bool:
    with world.databases.read() as tx:
        return list(check(tx)) == []


def in_suspense(world: World, ref: str, amount: int, words: str) -> StatementLine:
    """Money came in that no order is known for; the line that confirms it."""
    motion = MovementFact(MovementKind.RECEIPT, f"T-{ref}", amount, "VND", at(DAY))
    world.tell(Told(f"foreign-{ref}", None, Status.PAID, at(DAY), (motion,)))
    return line(ref, amount, (amount * 110 + 5_000) // 10_000)._replace(text=words)


def test_a_rule_names_its_lines_before_they_are_differences(world: World) -> None:
    rule(world)
    world.settle(
        DAY, world.pay("A").line, other("E", -500_000, ELECTRICITY), other("X", -7_000, "?")
    )
    result = world.reconcile()
    assert (result.matched, result.opened) == (1, 1)
    assert world.brief() == [("missing_internal", "L-X", -7_000, "open")]
    with world.databases.read() as tx:
        (day,) = not_parking(tx, DAY, [world.account.id])
        acts = tx.execute(
            select(AssignmentLog.act, AssignmentLog.rule, AssignmentLog.rule_set)
        ).all()
    assert (day.count, day.total, day.currency) == (1, -500_000, "VND")
    assert ("name", "Electricity", 1) in acts
    assert proven(world)


def test_looking_again_changes_nothing(world: World) -> None:
    rule(world)
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    before = world.count(OtherLine), world.count(AssignmentLog), world.brief()
    world.reconcile()
    assert (world.count(OtherLine), world.count(AssignmentLog), world.brief()) == before
    assert proven(world)


def test_a_difference_of_yesterday_is_explained_by_todays_rule(world: World) -> None:
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    assert world.brief() == [("missing_internal", "L-E", -500_000, "open")]
    rule(world)
    world.settle(DAY + ONE)
    result = world.reconcile(DAY + ONE)
    assert result.resolved == 1
    assert [b.resolution for b in world.breaks()] == ["not_parking"]
    assert [total.breaks for total in world.totals()] in ([], [0])
    assert proven(world)


@pytest.mark.parametrize("where", ["column", "text", "refund"])
def test_no_rule_takes_a_line_with_our_code(world: World, where: str) -> None:
    rule(world, sign=1)
    payment = world.order()
    told = other("C", PRICE, "thu tien dien", rail=None)
    if where == "column":
        told = told._replace(order_code=payment.code)
    elif where == "text":
        told = told._replace(text=f"thu tien dien {payment.code.lower()}")
    else:
        told = told._replace(text="thu tien dien RK" + payment.code[2:])
    world.settle(DAY, told)
    world.reconcile()
    assert world.count(OtherLine) == 0
    assert len(world.brief()) == 1
    assert proven(world)


def test_no_rule_takes_what_has_a_counterpart(world: World) -> None:
    rule(world, sign=1)
    paid, wrong = world.pay("A"), world.pay("B")
    agreed = paid.line._replace(order_code=None, text="tien dien")
    other_amount = wrong.line._replace(order_code=None, gross=1, net=1, fee=0, text="tien dien")
    world.settle(DAY, agreed, other_amount)
    world.reconcile()
    assert world.count(OtherLine) == 0
    assert [b.kind for b in world.breaks()] == ["amount_mismatch"]
    assert proven(world)


def test_a_rule_holds_to_its_sign_amount_account_and_operator(world: World) -> None:
    rule(world, least=100, most=200)
    rule(world, words="interest", sign=1, account_id=world.account.id)
    for slug in world.accounts:
        world.settle(
            DAY, other("a", -99, ELECTRICITY), other("b", -100, ELECTRICITY),
            other("c", -200, ELECTRICITY), other("d", -201, ELECTRICITY), other("e", 150, ELECTRICITY),
            other("f", 9, "INTEREST"), slug=slug,
        )  # fmt: skip
        world.reconcile(slug=slug)
    with world.databases.read() as tx:
        named = tx.execute(
            select(OtherLine.account_id, Stored.line_ref)
            .join(Stored, Stored.id == OtherLine.line_id)
            .order_by(Stored.line_ref)
        ).all()
    own = world.account.id
    assert [tuple(row) for row in named] == [(own, "L-b"), (own, "L-c"), (own, "L-f")]
    assert proven(world)


def test_bank_credits_that_are_no_payout_can_be_named(world: World) -> None:
    rule(world, words="tien thue mat bang", leg=BANK, sign=1)
    world.settle(DAY)
    world.put(file_of(DAY + ONE, other("R", 9_000_000, "Tien thue mat bang T11")), BANK)
    world.reconcile(DAY + ONE)
    assert world.brief(DAY) == []
    assert world.count(OtherLine, OtherLine.leg == BANK) == 1
    assert proven(world)


def test_money_in_suspense_is_set_aside_and_stays_matched(world: World) -> None:
    rent = in_suspense(world, "R", 5_000_000, "CTY ABC tra tien thue ki ot")
    made = rule(world, words="tiền thuê ki ốt", sign=1)
    world.settle(DAY, rent)
    world.reconcile()
    world.reconcile()
    with world.databases.read() as tx:
        aside = tx.scalars(select(SetAside)).one()
        entry = tx.scalars(select(Transfer).where(Transfer.cause == aside.cause)).one()
        (day,) = not_parking(tx, DAY, [world.account.id])
        counts = named_by_rule(tx, [made.id])
    assert (entry.debit, entry.credit, entry.amount) == ("suspense", "adjustments", 5_000_000)
    assert (day.count, day.total, counts) == (1, 5_000_000, {made.id: 1})
    assert (world.count(Assignment), world.count(OtherLine), world.brief()) == (1, 0, [])
    assert proven(world)


def test_what_a_retired_rule_named_is_a_difference_again(world: World) -> None:
    rent = in_suspense(world, "R", 5_000_000, "tien dien tra ho")
    made, also = rule(world), rule(world, sign=1)
    world.settle(DAY, rent, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    with world.databases.write.begin() as tx:
        for one in (made, also):
            retire(tx, one.id, AN, night(DAY))
            retire(tx, one.id, AN, night(DAY))
    assert world.brief() == [("missing_internal", "L-E", -500_000, "open")]
    assert (world.count(OtherLine), world.count(SetAside)) == (0, 0)
    assert world.count(Transfer, Transfer.cause.like("undo:other:%")) == 1
    assert world.count(AssignmentLog, AssignmentLog.act == "give_back") == 1
    assert proven(world)
    world.reconcile(now=night(DAY + ONE))
    assert world.brief() == [("missing_internal", "L-E", -500_000, "open")]
    assert proven(world)


def test_a_closed_day_keeps_what_was_named(world: World) -> None:
    made = rule(world)
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    with world.databases.write.begin() as tx:
        stop(tx, world.account.operator, DAY, night(DAY))
        retire(tx, made.id, AN, night(DAY))
    assert (world.count(OtherLine), world.brief()) == (1, [])
    world.settle(DAY + ONE, other("F", -500_000, ELECTRICITY))
    world.reconcile(DAY + ONE)
    assert world.count(OtherLine) == 1


def test_a_next_version_replaces_the_one_before(world: World) -> None:
    first = rule(world)
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    second = rule(world, "tien dien; evn", series=first.series)
    assert (second.version, second.series) == (2, first.series)
    world.reconcile(now=night(DAY + ONE))
    with world.databases.read() as tx:
        assert tx.scalars(select(OtherLine.rule_id)).all() == [second.id]
        assert tx.get_one(LineRule, first.id).retired_by == BINH
    assert proven(world)
    with pytest.raises(Conflict), world.databases.write.begin() as tx:
        approve(tx, first.id, BINH, at(DAY))


def test_nobody_approves_their_own_rule(world: World) -> None:
    with world.databases.write.begin() as tx:
        made = propose(tx, proposal(world), AN, at(DAY))
    with (
        pytest.raises(NeedsAnother, match=f"{AN.removeprefix('person:')} cannot approve it"),
        world.databases.write.begin() as tx,
    ):
        approve(tx, made.id, AN, at(DAY))
    world.settle(DAY, other("E", -500_000, ELECTRICITY))
    world.reconcile()
    assert world.count(OtherLine) == 0
    with pytest.raises(DBAPIError), world.databases.write.begin() as tx:
        tx.execute(update(LineRule).values(approved_by=AN))


@pytest.mark.parametrize("change", ["words = 'all'", "sign = 1", "most = 5", "label = 'x'"])
def test_what_a_rule_says_never_changes(world: World, change: str) -> None:
    rule(world)
    with pytest.raises(DBAPIError), world.databases.write.begin() as tx:
        tx.execute(text(f"UPDATE line_rule SET {change}"))
    with pytest.raises(DBAPIError), world.databases.write.begin() as tx:
        tx.execute(text("DELETE FROM line_rule"))


@pytest.mark.parametrize(
    "wrong",
    [{"words": "a"}, {"label": " "[:0]}, {"least": 0}, {"least": 5, "most": 4}, {"most": 0}],
)
def test_a_rule_that_says_nothing_is_refused(world: World, wrong: dict[str, Any]) -> None:
    with pytest.raises(WrongUsage), world.databases.write.begin() as tx:
        propose(tx, proposal(world, **wrong), AN, at(DAY))


def test_a_rule_is_about_accounts_of_its_operator(world: World) -> None:
    foreign = world.accounts["cau-go"].id
    with pytest.raises(NotFound), world.databases.write.begin() as tx:
        propose(tx, proposal(world, account_id=foreign), AN, at(DAY))


def test_a_preview_shows_what_would_be_named_and_changes_nothing(world: World) -> None:
    rent = in_suspense(world, "R", 5_000_000, "tien dien")
    world.settle(
        DAY, rent, other("E", -500_000, ELECTRICITY), other("F", -1, ELECTRICITY), other("X", -7, "?")
    )  # fmt: skip
    world.reconcile()
    with world.databases.write.begin() as tx:
        made = propose(tx, proposal(world), AN, at(DAY))
        found = preview(tx, made, night(DAY))
        credit = propose(tx, proposal(world, sign=1), AN, at(DAY))
        incoming = preview(tx, credit, night(DAY))
    assert [(s.count, s.total) for s in found.sums] == [(2, -500_001)]
    assert {shown.line_ref for shown in found.lines} == {"L-E", "L-F"}
    assert [(s.count, s.total) for s in incoming.sums] == [(1, 5_000_000)]
    assert world.count(OtherLine) == 0


def test_every_decision_is_in_the_trail(world: World) -> None:
    made = rule(world)
    with world.databases.write.begin() as tx:
        retire(tx, made.id, AN, night(DAY))
        acts = tx.execute(select(Audit.actor, Audit.act).where(Audit.subject == str(made.id))).all()
    assert {tuple(act) for act in acts} == {
        (AN, "line_rule.propose"), (BINH, "line_rule.approve"), (AN, "line_rule.retire"),
    }  # fmt: skip
