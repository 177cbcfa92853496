"""Recording facts: each counts once, and no dong is ever dropped."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from payments.accounts import open_account
from payments.facts import facts_of
from payments.ledger import balances
from payments.models import (
    Audit,
    AuditDetail,
    Movement,
    Notice,
    NoticeBody,
    Payment,
    Transfer,
)
from payments.provider import MovementKind, Outcome, Status
from payments.provider import Notice as Told
from payments.service import paid, paid_for, record
from tests.payments.kit import (
    PRICE,
    House,
    books,
    everything_said,
    motion,
    paid_notice,
    receipt,
)
from tests.payments.word_of_mouth import SECRET


def test_two_notices_of_one_movement_are_one_movement(house: House) -> None:
    payment = house.paid_payment()
    poll = Told("poll-1", payment.code, Status.PAID, house.now, (receipt("R1", house.now),))
    assert house.tell(poll).outcome == Outcome.APPLIED
    assert house.count(Movement) == house.count(Transfer) == 1
    assert house.payment(payment.id).received == PRICE


def test_truly_identical_movements_are_told_apart_by_their_occurrence(house: House) -> None:
    """Cancelled payments of some rails all carry transaction number 0."""
    payment = house.start()
    first = receipt("0", house.now)
    second = receipt("0", house.now)
    second = type(second)(**{f: getattr(second, f) for f in second.__slots__} | {"occurrence": 2})
    house.tell(Told("n1", payment.code, Status.PAID, house.now, (first, second)))
    assert house.payment(payment.id).received == 2 * PRICE


def test_money_for_an_unknown_payment_waits_in_suspense(house: House) -> None:
    answer = house.tell(paid_notice("PKNOBODYKNOWS", house.now))
    assert (answer.outcome, answer.payment_id) == (Outcome.UNKNOWN_PAYMENT, None)
    assert house.books() == {"clearing:an-binh": PRICE, "suspense": -PRICE}
    with house.databases.read() as tx:
        kept = tx.scalars(select(Notice)).one()
        assert (kept.order_code, kept.payment_id) == ("PKNOBODYKNOWS", None)


def test_unknown_money_that_goes_back_leaves_suspense_again(house: House) -> None:
    house.tell(paid_notice(None, house.now))
    back = motion(MovementKind.REFUND, "B1", PRICE, house.now)
    house.tell(Told("n2", None, Status.PAID, house.now, (back,)))
    assert house.books() == {}
    assert house.count(Transfer) == 2


def test_unknown_money_that_is_reversed_leaves_suspense_again(house: House) -> None:
    house.tell(paid_notice(None, house.now))
    back = motion(MovementKind.REVERSAL, "V1", PRICE, house.now)
    house.tell(Told("n2", None, Status.PAID, house.now, (back,)))
    assert house.books() == {}


def test_a_code_of_another_merchant_account_is_unknown_here(house: House) -> None:
    payment = house.start()
    with house.databases.write.begin() as tx:
        other = open_account(
            tx,
            house.gateways.vault,
            slug="hoa-mai",
            operator="Hoa Mai",
            provider="word-of-mouth",
            mode="test",
            settings={},
            secret={"secret": SECRET},
            now=house.now,
        )
        answer = record(
            tx, other, paid_notice(payment.code, house.now), house.now, source="webhook"
        )
    assert answer.outcome == Outcome.UNKNOWN_PAYMENT
    assert house.payment(payment.id).received == 0
    assert house.books() == {"clearing:hoa-mai": PRICE, "suspense": -PRICE}


def test_money_of_another_currency_is_booked_and_flagged_and_pays_nothing(house: House) -> None:
    payment = house.start()
    dollars = motion(MovementKind.RECEIPT, "R1", 100, house.now, "USD")
    house.tell(Told("n1", payment.code, Status.PAID, house.now, (dollars,)))
    after = house.payment(payment.id)
    assert (after.state, after.flags, after.received) == ("pending", "integrity", 0)
    with house.databases.read() as tx:
        assert list(balances(tx)) == [
            ("An Binh", "clearing:an-binh", "USD", 100),
            ("An Binh", "collected", "USD", -100),
        ]


def test_paid_without_money_is_flagged_until_the_money_is_told(house: House) -> None:
    payment = house.start()
    house.tell(Told("n1", payment.code, Status.PAID, house.now))
    assert house.payment(payment.id).flags == "integrity"
    house.tell(paid_notice(payment.code, house.now))
    assert (house.payment(payment.id).state, house.payment(payment.id).flags) == ("paid", "")


def stale(told: Told) -> Told:
    return Told(told.key, told.order_code, told.status, told.event_at, told.movements, stale=True)


def test_a_stale_notice_is_kept_without_its_money_and_polled_at_once(house: House) -> None:
    payment = house.start()
    later = house.now + timedelta(hours=2)
    answer = house.tell(stale(paid_notice(payment.code, house.now)), now=later)
    assert (answer.outcome, answer.payment_id) == (Outcome.DEFERRED, payment.id)
    after = house.payment(payment.id)
    assert (after.state, after.received, after.next_poll_at) == ("pending", 0, later)
    assert house.count(Movement) == 0
    with house.databases.read() as tx:
        assert tx.scalar(select(Notice.stale).where(Notice.source == "webhook")) is True


@pytest.mark.parametrize("stale_first", [True, False])
def test_an_event_told_stale_and_in_time_counts_once(house: House, stale_first: bool) -> None:
    payment = house.start()
    fresh = paid_notice(payment.code, house.now)
    old = stale(fresh)
    house.tell(*((old, fresh) if stale_first else (fresh, old)))
    house.tell(old)
    assert house.payment(payment.id).received == PRICE
    assert house.count(Transfer) == 1


def test_a_stale_notice_nobody_can_be_asked_about_goes_to_suspense(house: House) -> None:
    answer = house.tell(stale(paid_notice(None, house.now)))
    assert answer.outcome == Outcome.UNKNOWN_PAYMENT
    assert house.books() == {"clearing:an-binh": PRICE, "suspense": -PRICE}


def contradictions(house: House) -> list[tuple[str, dict[str, object]]]:
    with house.databases.read() as tx:
        rows = tx.execute(
            select(Audit.subject, AuditDetail.detail)
            .join(AuditDetail, AuditDetail.audit_id == Audit.id)
            .where(Audit.act == "movement.contradict")
        ).all()
    return [(subject, detail) for subject, detail in rows]


def test_a_second_word_on_the_amount_is_written_down_and_changes_nothing(house: House) -> None:
    payment = house.paid_payment()
    house.tell(Told("n2", payment.code, Status.PAID, house.now, (receipt("R1", house.now, 500),)))
    assert house.payment(payment.id).received == PRICE
    ((subject, detail),) = contradictions(house)
    assert subject == payment.code
    mine = {"currency": "VND", "payment": str(payment.id)}
    assert detail == {
        "rail_ref": "R1", "stands": {"amount": PRICE, **mine}, "said": {"amount": 500, **mine},
    }  # fmt: skip


def test_one_movement_cannot_pay_two_payments(house: House) -> None:
    first, second = house.start("q1", "s1"), house.start("q2", "s2")
    house.tell(paid_notice(first.code, house.now))
    house.tell(Told("n2", second.code, Status.PAID, house.now, (receipt("R1", house.now),)))
    assert house.payment(first.id).received == PRICE
    after = house.payment(second.id)
    assert (after.received, after.flags) == (0, "integrity")
    assert [subject for subject, _ in contradictions(house)] == [second.code]


def test_a_repeated_movement_that_agrees_is_no_contradiction(house: House) -> None:
    payment = house.paid_payment()
    house.tell(Told("n2", payment.code, Status.PAID, house.now, (receipt("R1", house.now),)))
    assert contradictions(house) == []


def test_fees_and_payouts_move_their_own_accounts(house: House) -> None:
    payment = house.paid_payment()
    fee = motion(MovementKind.FEE, "F1", 220, house.now)
    payout = motion(MovementKind.PAYOUT, "P1", PRICE - 220, house.now)
    house.tell(Told("n2", payment.code, Status.PAID, house.now, (fee,)))
    house.tell(Told("n3", None, Status.PAID, house.now, (payout,)))
    assert house.books() == {"bank": PRICE - 220, "fees": 220, "collected": -PRICE}


def test_raw_bytes_stand_beside_the_notice_and_prove_its_digest(house: House) -> None:
    payment = house.start()
    with house.databases.write.begin() as tx:
        told = paid_notice(payment.code, house.now)
        record(tx, house.account, told, house.now, source="webhook", raw=b"as it came")
    with house.databases.read() as tx:
        body = tx.scalars(select(NoticeBody)).one()
        assert body.body == b"as it came"


def test_the_stored_fold_equals_the_facts(house: House) -> None:
    payment = house.paid_payment()
    with house.databases.read() as tx:
        row = tx.get_one(Payment, payment.id)
        fold = facts_of(tx, row.id).fold(row)
        assert (row.state, row.flags) == (fold.state, ",".join(fold.flags))
        assert (row.received, row.reversed, row.paid_at) == (PRICE, 0, fold.paid_at)
        assert facts_of(tx, row.id).refunded == row.refunded == 0


def test_paid_adds_up_every_payment_of_a_reference_in_one_query(house: House) -> None:
    for n, reference in enumerate(("s1", "s1", "s2")):
        payment = house.start(f"q{n}", reference)
        house.tell(paid_notice(payment.code, house.now, f"R{n}", PRICE + n))
    with house.databases.read() as tx:
        assert (paid(tx, "s1"), paid(tx, "s2"), paid(tx, "s3")) == (2 * PRICE + 1, PRICE + 2, 0)
        rows = tx.execute(
            select(Payment.reference, paid_for(Payment.reference.expression)).distinct()
        ).all()
    assert len(rows) == 2


def test_a_payment_is_booked_on_the_providers_local_day(house: House) -> None:
    payment = house.start()
    late_evening = house.now.replace(hour=17) - timedelta(days=1)
    house.tell(paid_notice(payment.code, late_evening))
    after = house.payment(payment.id)
    assert after.book_day is not None
    assert after.book_day.isoformat() == "2026-11-20"


def test_a_provider_reference_told_later_is_kept_and_the_first_one_stays(house: House) -> None:
    payment = house.start()
    told = Told("n1", payment.code, Status.PENDING, house.now, provider_ref="another")
    house.tell(told)
    assert house.payment(payment.id).provider_ref == payment.provider_ref == "WOM-1"


def test_nothing_is_kept_when_the_transaction_is_undone(house: House) -> None:
    payment = house.start()
    with house.databases.read() as tx:
        before = everything_said(tx)
    with house.databases.write() as tx:
        told = paid_notice(payment.code, house.now)
        record(tx, house.account, told, house.now, source="webhook", raw=b"raw")
        assert books(tx) != {}
    with house.databases.read() as tx:
        assert everything_said(tx) == before
    assert house.payment(payment.id).received == 0
