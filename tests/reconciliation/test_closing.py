"""Closing a day: what keeps it open, what is certified, and who may."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update

from payments import book_days
from payments.errors import Conflict, WrongUsage
from payments.models import Movement, Payment, Transfer
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from reconciliation import totals
from reconciliation.closing import finishing, service
from reconciliation.closing.attempts import NotExplained, StillOnItsWay, exceptions_of
from reconciliation.closing.certificates import decode
from reconciliation.closing.models import Certificate, Closing
from reconciliation.closing.states import closed_state
from reconciliation.models import AccountDay, DayTotal
from reconciliation.proofs.closing import certificates_form_a_chain
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
    settled,
)
from tests.reconciliation.kit import DAY, FEE, ONE, PRICE, World, at, line
from tests.reconciliation.test_invariants import unguarded, violations


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


def test_totals_that_their_rows_do_not_make_are_never_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, PRICE)
    begin(world)
    monkeypatch.setattr(totals, "refresh", lambda *_: None)
    with world.databases.write.begin() as tx:
        tx.execute(update(DayTotal).values(gross=DayTotal.gross + 1, net=DayTotal.net + 1))
    with pytest.raises(Conflict, match="its total says gross 20001"):
        finish(world)


def test_verify_notices_what_came_to_a_closed_day_after_all(world: World) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        unguarded(tx, Movement, Transfer)
        for table in (Movement, Transfer):
            tx.execute(update(table).where(table.kind == "receipt").values(
                amount=PRICE + 1, recorded_at=DONE + ONE))  # fmt: skip
    rules = {found.rule for found in violations(world)}
    assert {"closed_days_stay_closed", "certificates_equal_their_rows"} <= rules


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"body": b"{}"}, "other bytes"),
        ({"previous": "0" * 64}, "says something else"),
        ({"number": 7}, "follows on number 0"),
    ],
)
def test_verify_notices_a_forged_certificate(
    world: World, change: dict[str, object], word: str
) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        unguarded(tx, Certificate)
        tx.execute(update(Certificate).values(change))
    with world.databases.read() as tx:
        found = [one.found for one in certificates_form_a_chain(tx)]
    assert any(word in one for one in found)


def test_verify_notices_a_day_without_its_closing(world: World) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        tx.execute(delete(Closing))
    assert {found.rule for found in violations(world)} == {"book_days_have_their_closing"}
