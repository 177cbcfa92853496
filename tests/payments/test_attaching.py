"""Money in suspense finds its payment: once, by a person, and as if it had been named at once."""

from __future__ import annotations

import uuid
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from payments.accounts import open_account
from payments.attaching import attach
from payments.codes import code_for
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.facts import facts_of
from payments.models import Attachment, Audit, Movement, Payment, Transfer
from payments.provider import MovementKind, Outcome, Status
from payments.provider import Notice as Told
from payments.service import record
from reconciliation.invariants import check
from tests.payments.kit import PRICE, House, at_once, motion, paid_notice, receipt
from tests.payments.word_of_mouth import SECRET

WHY = "the driver showed the transfer"


def loose(house: House, ref: str = "FT1", amount: int = PRICE) -> Movement:
    """Money that names nothing."""
    assert house.tell(paid_notice(None, house.now, ref, amount)).outcome == Outcome.UNKNOWN_PAYMENT
    return movement(house, ref)


def movement(house: House, ref: str) -> Movement:
    with house.databases.read() as tx:
        return tx.scalars(select(Movement).where(Movement.rail_ref == ref)).one()


def put(house: House, money: Movement, code: str, reason: str = WHY) -> Payment:
    with house.databases.write.begin() as tx:
        return attach(tx, money.id, code, "person:lan", reason, house.now)


def refused(house: House, error: type[Complaint], said: str, *wish: object) -> None:
    money, code, *reason = wish
    assert isinstance(money, Movement)
    with pytest.raises(error, match=said):
        put(house, money, str(code), *map(str, reason))


def test_attached_money_pays_its_payment(house: House) -> None:
    payment, money = house.start(), loose(house)
    put(house, money, payment.code)
    after = house.payment(payment.id)
    assert (after.state, after.received, after.paid_at) == ("paid", PRICE, house.now)
    assert house.books() == {"clearing:an-binh": PRICE, "collected": -PRICE}
    with house.databases.read() as tx:
        acts = tx.execute(select(Audit.actor, Audit.act, Audit.subject)).all()
        assert ("person:lan", "movement.attach", payment.code) in [tuple(row) for row in acts]
        assert list(check(tx)) == []


def test_a_code_is_read_as_people_type_it(house: House) -> None:
    payment, money = house.start(), loose(house)
    typed = f" {payment.code[:4].lower()} {payment.code[4:]} "
    assert put(house, money, typed).id == payment.id


def test_what_does_not_belong_together_is_refused(house: House) -> None:
    payment, money = house.start(), loose(house)
    refused(house, NotFound, "There is no payment", money, code_for(7_777))
    refused(house, NotFound, "There is no payment", money, "PK-nonsense")
    refused(house, WrongUsage, "how you know", money, payment.code, " x ")
    assert house.payment(payment.id).received == 0


def test_money_that_has_a_payment_is_not_attached(house: House) -> None:
    paid, other = house.paid_payment(), house.start("quote-2")
    refused(house, Conflict, "waits in suspense", movement(house, "R1"), other.code)
    back = motion(MovementKind.REFUND, "B1", 500, house.now)
    house.tell(Told("loose-back", None, Status.PAID, house.now, (back,)))
    refused(house, Conflict, "waits in suspense", movement(house, "B1"), paid.code)


def test_money_is_attached_once(house: House) -> None:
    first, second, money = house.start(), house.start("quote-2", "session-2"), loose(house)
    put(house, money, first.code)
    refused(house, Conflict, "was attached", money, first.code)
    refused(house, Conflict, "was attached", money, second.code)
    assert house.payment(second.id).received == 0


def test_twenty_people_at_once_attach_it_once(house: House) -> None:
    payment, money = house.start(), loose(house)
    answers = at_once([partial(put, house, money, payment.code)] * 20)
    assert sum(isinstance(answer, Payment) for answer in answers) == 1
    assert all(isinstance(a, Conflict | Payment) for a in answers)
    assert house.count(Attachment) == 1
    assert house.payment(payment.id).received == PRICE


def test_money_of_another_account_stays_where_it_is(house: House) -> None:
    payment = house.start()
    with house.databases.write.begin() as tx:
        elsewhere = open_account(
            tx,
            house.gateways.vault,
            slug="minh-khai",
            operator="Minh Khai",
            provider="word-of-mouth",
            mode="test",
            settings={},
            secret={"secret": SECRET},
            now=house.now,
        )
        record(tx, elsewhere, paid_notice(None, house.now, "FT9"), house.now, source="webhook")
    refused(house, Conflict, "collected through an-binh", movement(house, "FT9"), payment.code)


def test_money_of_another_currency_stays_where_it_is(house: House) -> None:
    payment = house.start()
    dollars = motion(MovementKind.RECEIPT, "US1", PRICE, house.now, "USD")
    house.tell(Told("dollars", None, Status.PAID, house.now, (dollars,)))
    refused(house, Conflict, "This money is USD", movement(house, "US1"), payment.code)


def test_a_movement_that_does_not_exist_is_not_attached(house: House) -> None:
    payment = house.start()
    with pytest.raises(NotFound), house.databases.write.begin() as tx:
        attach(tx, uuid.UUID(int=1), payment.code, "person:lan", WHY, house.now)


def test_a_lost_or_forged_booking_of_an_attachment_is_found(house: House) -> None:
    payment, money = house.start(), loose(house)
    with house.databases.write.begin() as tx:
        forged = Attachment(
            movement_id=money.id, payment_id=payment.id, actor="x", reason="x", at=house.now
        )
        tx.add(forged)
        paid_in = Transfer(
            operator="An Binh",
            kind="attached",
            debit="suspense",
            credit="collected",
            amount=PRICE,
            currency="VND",
            movement_id=movement(house, "FT1").id,
            book_day=money.book_day,
            recorded_at=house.now,
        )
    with house.databases.read() as tx:
        rules = {violation.rule for violation in check(tx)}
        assert {"attachments_are_booked", "stored_state_equals_the_fold"} <= rules
    other = loose(house, "FT2")
    with house.databases.write.begin() as tx:
        paid_in.movement_id = other.id
        tx.add(paid_in)
    with house.databases.read() as tx:
        found = [v.found for v in check(tx) if v.rule == "attachments_are_booked"]
        assert sorted(found) == ["not booked as one", "nothing was attached"]


#: Facts about one payment; "attach" waits until the loose money was told.
FACTS = ("receipt", "loose", "attach", "expired", "reversal", "loose again")


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(FACTS))
def test_facts_and_attaching_in_any_order_end_alike(house: House, order: list[str]) -> None:
    run = uuid.uuid4()  # every example leaves its rows in the same database
    payment = house.start(f"quote-{run}", f"session-{run}")
    sayings = {
        "receipt": Told("a", payment.code, Status.PAID, house.now, (receipt("A", house.now),)),
        "loose": Told("b", None, Status.PAID, house.now, (receipt("B", house.now, 7_000),)),
        "loose again": Told("c", None, Status.PAID, house.now, (receipt("B", house.now, 7_000),)),
        "expired": Told("d", payment.code, Status.EXPIRED, house.now),
        "reversal": Told(
            "e", payment.code, Status.DISPUTED, house.now,
            (motion(MovementKind.REVERSAL, "V", 1_000, house.now),),
        ),
    }  # fmt: skip
    waiting = False
    for fact in order:
        if fact != "attach":
            house.tell(_named(sayings[fact], run))
        known = _known(house, f"B-{run}")
        waiting = waiting or fact == "attach"
        if waiting and known:
            put(house, known, payment.code)
            waiting = False
    after = house.payment(payment.id)
    assert (after.state, after.flags) == ("paid", "disputed,overpaid")
    assert (after.received, after.reversed) == (PRICE + 7_000, 1_000)
    with house.databases.read() as tx:
        assert facts_of(tx, after.id).fold(after).received == PRICE + 7_000
        assert list(check(tx)) == []


def _named(told: Told, run: uuid.UUID) -> Told:
    """The same saying with names of its own."""
    facts = tuple(
        motion(fact.kind, f"{fact.rail_ref}-{run}", fact.amount, fact.event_at)
        for fact in told.movements
    )
    return Told(f"{told.key}-{run}", told.order_code, told.status, told.event_at, facts)


def _known(house: House, ref: str) -> Movement | None:
    with house.databases.read() as tx:
        return tx.scalar(select(Movement).where(Movement.rail_ref == ref))
