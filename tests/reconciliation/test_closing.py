"""Closing a day: what keeps it open, what is certified, what late money does, how it is opened again."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from payments import book_days
from payments.attaching import attach
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import Audit, Movement, Payment, Transfer
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from reconciliation import totals
from reconciliation.closing import finishing, reopening, service
from reconciliation.closing.attempts import NotExplained, StillOnItsWay, exceptions_of
from reconciliation.closing.certificates import decode
from reconciliation.closing.models import Certificate, Closing
from reconciliation.closing.states import closed_state
from reconciliation.days import IN_FLIGHT
from reconciliation.models import AccountDay
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


def test_a_day_is_closed_in_two_steps_and_certifies_what_its_rows_make(world: World) -> None:
    settled(world, PRICE, 30_000)
    assert begin(world).state == "closing"
    with pytest.raises(StillOnItsWay):
        finish(world, now=DONE - timedelta(seconds=1))
    certificate = finish(world)
    content = decode(certificate)
    assert content["totals"]["VND"]["count"] == 2
    assert (
        content["totals"]["VND"]["gross"] == content["totals"]["VND"]["confirmed_gross"] == 50_000
    )
    assert content["totals"]["VND"]["net"] == 50_000 - FEE - 330
    assert (certificate.number, certificate.revision, certificate.previous) == (1, 1, None)
    assert certificate.sha256 == hashlib.sha256(certificate.body).hexdigest()
    assert {file["account"] for file in content["files"]} == {"an-binh"}
    assert states(world) == [("20", "closed", 1)]
    assert violations(world) == []


def test_closing_again_gives_the_identical_bytes(world: World) -> None:
    settled(world, PRICE)
    first = close(world)
    assert begin(world, now=NOON + ONE).state == "closed"
    again = finish(world, now=NOON + ONE)
    assert (again.id, again.body) == (first.id, first.body)
    assert world.count(Certificate) == world.count(Closing) == 1
    assert json.dumps(
        json.loads(first.body), sort_keys=True, ensure_ascii=False, separators=(",", ":")
    ) == first.body.decode().rstrip("\n")  # fmt: skip


def test_certificates_of_an_operator_name_the_one_before(world: World) -> None:
    settled(world, PRICE)
    settled(world, PRICE, day=DAY + ONE)
    first, second = close(world), close(world, DAY + ONE, NOON + ONE)
    assert (second.number, second.previous) == (2, first.sha256)
    assert violations(world) == []


def test_a_day_that_is_not_over_cannot_be_closed(world: World) -> None:
    settled(world, PRICE)
    with pytest.raises(Conflict, match="not ended"):
        begin(world, now=at(DAY, 23, 59))
    with pytest.raises(Conflict, match="No operator"), world.databases.write.begin() as tx:
        service.begin(tx, type(of())("Nobody", DAY), {}, LAN, NOON)


def test_a_refusal_lists_everything_that_is_not_explained(world: World) -> None:
    paid = world.pay("A")
    world.settle(DAY, paid.line, line("X"))
    world.reconcile()
    world.pay("B")
    with pytest.raises(NotExplained) as caught:
        begin(world)
    assert subjects(caught) == [("break", "break"), ("uncompared", "uncompared")]
    assert world.count(Closing) == 0
    (uncompared,) = [one for one in caught.value.obstacles if one.kind == "uncompared"]
    assert (uncompared.count, uncompared.amount) == (1, PRICE)


def test_an_account_that_waits_for_its_file_keeps_the_day_open(world: World) -> None:
    world.pay("A")
    world.reconcile()
    with pytest.raises(NotExplained) as caught:
        begin(world)
    assert subjects(caught) == [("awaiting", "account")]


def test_an_account_that_nobody_compared_keeps_the_day_open(world: World) -> None:
    """Its night failed: no row says how far it is, but it was compared before."""
    settled(world, PRICE)
    settled(world, PRICE, day=DAY + ONE)
    with world.databases.write.begin() as tx:
        tx.execute(delete(AccountDay).where(AccountDay.day == DAY + ONE))
    with pytest.raises(NotExplained) as caught:
        begin(world, DAY + ONE, now=NOON + ONE)
    assert subjects(caught) == [("awaiting", "account")]


def test_timing_differences_keep_no_day_open(world: World) -> None:
    paid = world.pay("A")
    world.pay("late")
    world.settle(DAY, paid.line)
    world.reconcile()
    assert [found.timing for found in world.breaks()] == [True]
    assert close(world).revision == 1


def test_an_exception_needs_a_reason_and_another_person(world: World) -> None:
    world.pay("A")
    world.reconcile()
    account = {"account:an-binh": "the provider's file is lost"}
    with pytest.raises(WrongUsage, match="reason"):
        begin(world, exceptions={"account:an-binh": " "})
    with pytest.raises(WrongUsage, match="needs no exception"):
        begin(world, exceptions={**account, "break:1": "because"})
    assert begin(world, exceptions=account).state == "asked"
    with pytest.raises(Conflict, match="lan asked for this; somebody else has to agree, not lan"):
        confirm(world, actor=LAN)
    assert confirm(world).state == "closing"
    (told,) = decode(finish(world))["exceptions"]
    assert (told["reason"], told["named_by"], told["confirmed_by"]) == (
        "the provider's file is lost", LAN, MAI,
    )  # fmt: skip
    with pytest.raises(Conflict, match="second person"):
        confirm(world)
    assert violations(world) == []


def test_the_database_itself_wants_two_people(world: World) -> None:
    world.pay("A")
    world.reconcile()
    closing = begin(world, exceptions={"account:an-binh": "the file is lost"})
    with pytest.raises(Exception, match="two_people"), world.databases.write.begin() as tx:
        exceptions_of(tx, closing)[0].confirmed_by = LAN


def test_what_comes_up_while_a_day_is_closing_is_not_certified_unseen(world: World) -> None:
    """Money that was on its way when the day was stopped was compared with nothing."""
    settled(world, PRICE)
    begin(world)
    order = world.order()
    with world.databases.write.begin() as tx:
        fact = MovementFact(MovementKind.RECEIPT, "T-way", PRICE, "VND", at(DAY, 20))
        told = Told("way", order.code, Status.PAID, at(DAY, 20), (fact,))
        record(tx, world.account, told, at(DAY, 20), source="webhook")
    with pytest.raises(NotExplained) as caught:
        finish(world)
    assert subjects(caught) == [("uncompared", "uncompared")]
    assert finishing.finish_due(world.databases.write, DONE) == 0
    begin(world, exceptions={"uncompared:an-binh": "came at the last moment"}, now=DONE)
    with pytest.raises(NotExplained):
        finish(world)
    confirm(world, now=DONE)
    assert decode(finish(world))["totals"]["VND"]["count"] == 2
    rules = {found.rule for found in violations(world)}
    assert rules == {"each_side_once_per_leg"}  # the next night compares it


def test_a_closing_that_was_abandoned_is_finished_by_a_later_turn(world: World) -> None:
    settled(world, PRICE)
    begin(world)
    assert finishing.finish_due(world.databases.write, NOON + timedelta(minutes=9)) == 0
    assert finishing.finish_due(world.databases.write, DONE) == 1
    assert finishing.finish_due(world.databases.write, DONE) == 0
    assert states(world) == [("20", "closed", 1)]


def test_a_crash_while_certifying_leaves_a_day_that_the_next_turn_closes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, PRICE)
    begin(world)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(book_days, "certify", die)
        with pytest.raises(KeyboardInterrupt):
            finish(world)
    assert world.count(Certificate) == 0
    assert states(world) == [("20", "closing", None)]
    assert finishing.finish_due(world.databases.write, DONE) == 1
    assert violations(world) == []


def test_a_withdrawn_closing_lets_the_day_take_money_again(world: World) -> None:
    settled(world, PRICE)
    begin(world)
    with world.databases.write.begin() as tx:
        service.withdraw(tx, of(), LAN, NOON)
    assert states(world) == [("20", "open", None)]
    for act in (service.withdraw, service.confirm):
        with pytest.raises(Conflict), world.databases.write.begin() as tx:
            act(tx, of(), LAN, NOON)
    with pytest.raises(Conflict, match="not being closed"):
        finish(world)
    assert close(world, now=NOON + ONE).revision == 1


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


def test_payments_that_arrive_while_the_day_is_closed_are_each_in_one_day(world: World) -> None:
    """Some are booked before the day stops, some after it; none is lost, none is in both."""
    settled(world, PRICE)
    orders = [world.order(when=at(DAY, 22)) for _ in range(24)]
    gate = threading.Barrier(4)

    def pay(mine: list[Payment], first: int) -> None:
        gate.wait()
        for place, order in enumerate(mine, first):
            fact = MovementFact(MovementKind.RECEIPT, f"T-r{place}", PRICE, "VND", at(DAY, 22))
            told = Told(f"r{place}", order.code, Status.PAID, at(DAY, 22), (fact,))
            world.tell(told, now=NOON)

    def stop() -> None:
        gate.wait()
        _agree(world)

    threads = [threading.Thread(target=pay, args=(orders[n::3], 100 * n)) for n in range(3)]
    threads.append(threading.Thread(target=stop))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with world.databases.read() as tx:
        days = tx.scalars(select(Movement.book_day).where(Movement.kind == "receipt")).all()
    assert len(days) == 25
    assert set(days) <= {DAY, DAY + ONE}
    _agree(world)
    certified = decode(finish(world))["totals"]["VND"]
    assert certified["count"] == sum(day == DAY for day in days)
    assert violations(world) == []


def _agree(world: World) -> None:
    """Stop the day, whatever has come to it and was not compared."""
    try:
        begin(world)
    except NotExplained as error:
        begin(world, exceptions={one.subject: "the day ends here" for one in error.obstacles})
        confirm(world)


def test_two_who_close_at_once_make_one_certificate(world: World) -> None:
    settled(world, PRICE)
    gate, failed = threading.Barrier(3), list[Exception]()

    def run() -> None:
        gate.wait()
        try:
            begin(world)
            finish(world)
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert world.count(Certificate) == world.count(Closing) == 1
