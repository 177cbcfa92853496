"""The settlement leg: what agrees is matched, what does not is named, and nothing is named twice."""

from __future__ import annotations

from payments.provider import LineKind
from reconciliation.models import SETTLEMENT, Assignment, AssignmentLog, Break
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, altered, at, file_of, line, night


def test_lines_that_agree_in_everything_are_matched(world: World) -> None:
    lines = [world.pay(f"A{n}", PRICE + n).line for n in range(3)]
    world.settle(DAY, *lines)
    result = world.reconcile()
    assert (result.state, result.reason, result.matched, result.opened) == ("complete", None, 3, 0)
    assert world.brief() == []
    with world.databases.read() as tx:
        matches = tx.query(Assignment).all()
        logged = tx.query(AssignmentLog).filter_by(leg=SETTLEMENT).all()
    assert {(m.rule, m.rule_set, m.matched_by) for m in matches} == {
        ("rail_reference", 1, "reconciliation")
    }
    assert {(e.line_id, e.counterpart_id) for e in logged} == {
        (m.line_id, m.movement_id) for m in matches
    }
    assert {e.id.version for e in logged} == {7}
    assert {e.id.variant for e in logged} == {"specified in RFC 4122"}


def test_running_again_changes_nothing(world: World) -> None:
    paid = [world.pay(f"A{n}") for n in range(4)]
    world.settle(DAY, *(p.line for p in paid[:2]), altered(paid[2].line, gross=1), line("X"))
    world.reconcile()
    before = world.brief(), world.count(Assignment), world.count(AssignmentLog)
    again = world.reconcile(now=night(DAY))
    later = world.reconcile(now=at(DAY + ONE, 5))
    assert (again.matched, again.opened, again.resolved, again.accepted) == (0, 0, 0, ())
    assert (later.matched, later.opened, later.resolved, later.accepted) == (0, 0, 0, ())
    assert (world.brief(), world.count(Assignment), world.count(AssignmentLog)) == before
    assert world.count(Break) == 3


def test_every_kind_of_fault_gets_its_name_and_its_difference(world: World) -> None:
    missing, wrong, fee, twice = (world.pay(ref) for ref in ("M", "W", "F", "D"))
    clean = world.pay("C")
    world.settle(
        DAY,
        clean.line,
        altered(wrong.line, gross=PRICE + 1_000),
        altered(fee.line, fee=FEE + 100),
        twice.line,
        altered(twice.line, line_ref="L-D-2"),
        line("U", order="X123"),
        line("I", 12_345, 0, LineKind.OTHER),
    )
    world.reconcile()
    found = {(b.kind, b.payment, b.line, b.difference, b.state, b.timing) for b in world.breaks()}
    assert found == {
        ("missing_external", missing.payment.code, None, -PRICE, "open", True),
        ("amount_mismatch", wrong.payment.code, "L-W", 1_000, "open", False),
        ("fee_mismatch", fee.payment.code, "L-F", 100, "open", False),
        ("duplicate_external", twice.payment.code, "L-D-2", PRICE, "open", False),
        ("missing_internal", None, "L-U", PRICE, "open", False),
        ("missing_internal", None, "L-I", 12_345, "open", False),
    }


def test_scripts_read_exactly_the_named_fields(world: World) -> None:
    paid = world.pay("M")
    world.settle(DAY)
    world.reconcile()
    assert [row.as_json() for row in world.breaks()] == [
        {
            "class": "missing_external",
            "account": "an-binh",
            "payment": paid.payment.code,
            "line": None,
            "difference": -PRICE,
            "state": "open",
            "timing": True,
        }
    ]


def test_nothing_is_missing_before_the_file_is_due(world: World) -> None:
    world.pay("A")
    world.settle(DAY)
    result = world.reconcile(now=at(DAY, 23, 59))
    assert (result.state, result.reason) == ("awaiting", "not_due")
    assert world.brief() == []


def test_nothing_is_missing_while_no_file_came_or_more_follows(world: World) -> None:
    world.pay("A")
    assert world.reconcile().reason == "no_file"
    from_partial = world.pay("B")
    world.put(file_of(DAY, from_partial.line, complete=False))
    result = world.reconcile(now=at(DAY + 5 * ONE))
    assert (result.state, result.reason, result.matched) == ("partial", "more_follows", 1)
    assert world.brief() == []
