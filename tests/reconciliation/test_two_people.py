"""Who has a difference, what is said of it, and who may decide: two people above the limit."""

from __future__ import annotations

import pytest

from payments.errors import Conflict, WrongUsage
from payments.models import Audit, Transfer
from payments.provider import Notice as Told
from payments.provider import Status
from reconciliation.models import Break
from reconciliation.resolving.deciding import NeedsAnother, waiting
from reconciliation.resolving.log import timeline
from reconciliation.resolving.models import BreakWords
from tests.reconciliation.kit import (
    DAY,
    ONE,
    PRICE,
    World,
    at,
    line,
)
from tests.reconciliation.work import (
    BIG,
    HUNG,
    LAN,
    approving,
    balance,
    clearing,
    giving,
    missing,
    one,
    refusing,
    resolving,
    rules_broken,
    saying,
    state_of,
    undoing,
    work,
)

# -- two people


def test_above_the_limit_a_second_person_approves(world: World) -> None:
    found = missing(world, BIG)
    before = clearing(world)
    act = work(world, found.id, resolving("written_off", words="Đã gọi nhà cung cấp"))
    assert (act.act, act.amount) == ("propose", -BIG)
    assert (state_of(world, found.id)[0], clearing(world)) == ("open", before)
    with pytest.raises(NeedsAnother) as refusal:
        work(world, found.id, approving(LAN))
    assert refusal.value.parts == {"proposer": "lan", "approver": "lan"}
    with pytest.raises(Conflict, match="already"):
        work(world, found.id, resolving("other", HUNG, "Khác"))
    work(world, found.id, approving())
    assert state_of(world, found.id) == ("resolved", "written_off")
    assert clearing(world) == 0
    assert rules_broken(world) == set()
    with pytest.raises(Conflict, match="Nothing waits"):
        work(world, found.id, approving())


def test_a_refused_proposal_goes_back_and_may_come_again(world: World) -> None:
    found = missing(world, BIG)
    work(world, found.id, resolving("written_off"))
    with pytest.raises(WrongUsage, match="why"):
        work(world, found.id, refusing(words=" "))
    work(world, found.id, refusing())
    assert state_of(world, found.id) == ("open", None)
    work(world, found.id, resolving("provider_corrects", HUNG))
    work(world, found.id, approving(LAN))
    assert state_of(world, found.id) == ("resolved", "provider_corrects")
    assert rules_broken(world) == set()


def test_taking_back_much_money_takes_two_people_as_well(world: World) -> None:
    found = missing(world, BIG)
    work(world, found.id, resolving("written_off"))
    work(world, found.id, approving())
    assert work(world, found.id, undoing(HUNG)).act == "propose_undo"
    assert state_of(world, found.id)[0] == "resolved"
    with pytest.raises(NeedsAnother):
        work(world, found.id, approving(HUNG))
    assert work(world, found.id, approving(LAN)).act == "approve_undo"
    assert (state_of(world, found.id), clearing(world)) == (("open", None), BIG)
    assert rules_broken(world) == set()


def test_a_proposal_ends_when_a_file_explains_the_difference(world: World) -> None:
    paid = world.pay("M", BIG)
    world.settle(DAY)
    world.reconcile()
    found = one(world, "missing_external")
    work(world, found.id, resolving("written_off"))
    world.settle(DAY + ONE, paid.line)
    world.reconcile(DAY + ONE)
    assert state_of(world, found.id) == ("resolved", "late")
    with world.databases.read() as tx:
        assert waiting(tx, tx.get_one(Break, found.id)) is None
    with pytest.raises(Conflict):
        work(world, found.id, approving())
    with pytest.raises(Conflict, match="Nobody resolved"):
        work(world, found.id, undoing())
    assert rules_broken(world) == set()


# -- reasons


@pytest.mark.parametrize("reason", ["kept", "fee_accepted", "rounding", "no such thing", ""])
def test_a_reason_that_does_not_fit_is_refused(world: World, reason: str) -> None:
    found = missing(world)
    with pytest.raises(WrongUsage, match="no reason for this difference"):
        work(world, found.id, resolving(reason))
    assert state_of(world, found.id)[0] == "open"


def test_any_other_reason_needs_words(world: World) -> None:
    found = missing(world)
    with pytest.raises(WrongUsage, match="why"):
        work(world, found.id, resolving("other", words="  "))
    work(world, found.id, resolving("other", words="Theo biên bản 12"))
    with pytest.raises(Conflict, match="resolved already"):
        work(world, found.id, resolving("other", words="Theo biên bản 12"))


def test_resolved_again_after_taking_back_is_booked_once(world: World) -> None:
    found = missing(world)
    for _ in range(2):
        work(world, found.id, resolving("written_off"))
        work(world, found.id, undoing())
    work(world, found.id, resolving("written_off"))
    assert (clearing(world), balance(world, "adjustments")) == (0, PRICE)
    assert world.count(Transfer, Transfer.kind == "adjusted") == 3
    assert rules_broken(world) == set()


# -- who has it, what is said


def test_a_difference_is_taken_given_on_and_released(world: World) -> None:
    found = missing(world)
    work(world, found.id, giving(LAN))
    with pytest.raises(Conflict, match="already"):
        work(world, found.id, giving(LAN))
    work(world, found.id, giving(HUNG))
    work(world, found.id, giving(None, HUNG))
    with world.databases.read() as tx:
        said = timeline(tx, tx.get_one(Break, found.id))
        assert [(x.act.act, x.act.owner) for x in said] == [
            ("assign", None), ("assign", HUNG), ("assign", LAN),
        ]  # fmt: skip


def test_words_stand_once_and_the_audit_trail_holds_none(world: World) -> None:
    found = missing(world)
    for _ in range(2):
        work(world, found.id, saying("Đã hỏi nhà cung cấp"))
    work(world, found.id, saying("Đã hỏi nhà cung cấp", HUNG))
    with pytest.raises(WrongUsage):
        work(world, found.id, saying("  "))
    with pytest.raises(WrongUsage, match="1000"):
        work(world, found.id, saying("x" * 1_001))
    with world.databases.write.begin() as tx:
        said = timeline(tx, tx.get_one(Break, found.id))
        assert [x.words for x in said] == ["Đã hỏi nhà cung cấp"] * 2
        assert tx.query(Audit).filter(Audit.subject == f"break:{found.id}").count() == 2
        tx.query(BreakWords).delete()
    with world.databases.read() as tx:
        assert [x.words for x in timeline(tx, tx.get_one(Break, found.id))] == [None, None]
    assert rules_broken(world) == set()


def test_the_work_goes_on_when_the_difference_gets_another_name(world: World) -> None:
    payment = world.order()
    world.settle(DAY, line("S", order=payment.code, rail=None))
    world.reconcile()
    work(world, one(world, "missing_internal").id, saying("Đang hỏi"))
    world.tell(Told("n", payment.code, Status.FAILED, at(DAY)))
    world.reconcile()
    with world.databases.read() as tx:
        [said] = timeline(tx, tx.get_one(Break, one(world, "status_mismatch").id))
    assert (said.words, said.before) == ("Đang hỏi", True)
