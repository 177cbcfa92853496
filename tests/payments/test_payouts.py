"""Money back over a rail that cannot send it: the driver names an account, the bank pays a list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from payments.claims import Payee, give, opened, payer_of, read_payee
from payments.codes import refund_code
from payments.db import Databases
from payments.errors import Conflict, WrongUsage
from payments.models import Audit, MerchantAccount, NoticeBody, Payment, Refund
from payments.payback import PayoutList, RefundClaim
from payments.payouts import make_list, purpose_of, still_to_pay
from payments.polling import poll_refund
from payments.provider import MovementKind, Status
from payments.provider import Notice as Told
from payments.refunds import send
from payments.service import record
from payments.settlement import ask_soon
from tests.payments.bank_word import PAYER, BankWord, raw_of
from tests.payments.kit import PRICE, House, at_once, make_house, motion, paid_notice

AN = Payee(PAYER["bank"], PAYER["account"], PAYER["holder"])
BINH = Payee("970418", "12345678", "TRAN THI BINH")


@pytest.fixture
def house(databases: Databases, now: datetime) -> House:
    """The house of the other tests, on a rail without refunds."""
    made = make_house(databases, now)
    rail = type("Bank", (BankWord,), {"memory": made.memory})
    return replace(made, gateways=replace(made.gateways, registry={BankWord.name: rail}))


def paid(house: House, raw: bytes = b"", ref: str = "R1") -> Payment:
    """A payment whose notice came with these bytes."""
    payment = house.start(f"quote-{ref}", f"session-{ref}")
    with house.databases.write.begin() as tx:
        told = paid_notice(payment.code, house.now, ref)
        record(tx, house.account, told, house.now, source="webhook", raw=raw)
    return house.payment(payment.id)


def asked(house: House, payment: Payment, key: str = "K1", amount: int = 5_000) -> Refund:
    refund = house.ask(payment, key, amount)
    return send(house.databases.write, house.gateways, refund.id, house.now)


def claim(house: House, refund: Refund, payee: Payee = AN) -> RefundClaim:
    with house.databases.write.begin() as tx:
        return give(tx, house.gateways.vault, refund.id, payee, "driver", house.now)


def listed(house: House) -> PayoutList:
    with house.databases.write.begin() as tx:
        return make_list(tx, house.account.id, "person:lan", house.now)


def left_the_bank(house: House, refund: Refund, ref: str = "OUT1") -> None:
    """The bank tells of a transfer whose narrative carries the refund code."""
    back = (motion(MovementKind.REFUND, ref, refund.amount, house.now),)
    codes = (refund_code(refund.number or 0),)
    house.tell(Told(f"event-{ref}", None, Status.PAID, house.now, back, candidates=codes))


def test_a_rail_that_cannot_send_money_back_is_never_asked(house: House) -> None:
    refund = asked(house, paid(house))
    assert (refund.state, refund.next_poll_at) == ("asked", None)
    with house.databases.write.begin() as tx:
        ask_soon(tx, [refund.payment_id], house.now)
    assert poll_refund(house.databases.write, house.gateways, refund.id, house.now) is False
    assert house.refund(refund.id).next_poll_at is None
    assert house.memory.asked == [f"start {refund.payment.code}"]


def test_an_account_is_kept_sealed_and_forgotten_when_the_money_left(house: House) -> None:
    refund = asked(house, paid(house))
    kept = claim(house, refund)
    assert (kept.hint, kept.given_by) == ("Vietcombank ****3456", "driver")
    assert kept.sealed is not None
    assert PAYER["account"] not in kept.sealed
    assert opened(house.gateways.vault, kept) == AN
    left_the_bank(house, refund)
    with house.databases.read() as tx:
        after = tx.get_one(RefundClaim, refund.id)
    assert house.refund(refund.id).state == "done"
    assert (after.sealed, after.deleted_at, after.hint) == (None, house.now, "Vietcombank ****3456")
    assert opened(house.gateways.vault, after) is None


def test_an_account_is_corrected_until_it_stands_on_a_list(house: House) -> None:
    refund = asked(house, paid(house))
    claim(house, refund)
    assert claim(house, refund, BINH).hint.endswith("****5678")
    listed(house)
    with pytest.raises(Conflict, match="on its way"):
        claim(house, refund)


def test_a_list_holds_every_waiting_claim_once(house: House) -> None:
    first, second = asked(house, paid(house)), asked(house, paid(house, ref="R2"), "K2", 7_000)
    asked(house, paid(house, ref="R3"), "K3")  # nobody said where to
    claim(house, first), claim(house, second, BINH)
    made = listed(house)
    assert (made.number, made.count, made.total, made.made_by) == (1, 2, 12_000, "person:lan")
    with house.databases.read() as tx:
        rows = still_to_pay(tx, house.gateways.vault, made)
        assert tx.scalars(select(Audit.subject).where(Audit.act == "payout_list.make")).all() == [
            "an-binh-payout-1"
        ]
    assert [(row.payee, row.amount) for row in rows] == [(AN, 5_000), (BINH, 7_000)]
    assert rows[0].purpose == f"HOAN TIEN {refund_code(first.number or 0)}"
    with pytest.raises(Conflict, match="waits for a payout list"):
        listed(house)


def test_lists_are_numbered_within_the_account(house: House) -> None:
    claim(house, asked(house, paid(house)))
    assert listed(house).number == 1
    claim(house, asked(house, paid(house, ref="R2"), "K2"))
    assert listed(house).number == 2


def test_what_the_bank_confirmed_is_not_paid_again(house: House) -> None:
    first, second = asked(house, paid(house)), asked(house, paid(house, ref="R2"), "K2")
    claim(house, first), claim(house, second, BINH)
    made = listed(house)
    left_the_bank(house, first)
    with house.databases.read() as tx:
        rows = still_to_pay(tx, house.gateways.vault, made)
    assert [row.payee for row in rows] == [BINH]
    assert house.books() == {
        "clearing:an-binh": 2 * PRICE - 5_000,
        "collected": 10_000 - 2 * PRICE,
        "refunds": -5_000,
    }


def test_ten_people_at_once_make_one_list(house: House) -> None:
    claim(house, asked(house, paid(house)))
    answers = at_once([partial(listed, house)] * 10)
    assert sum(isinstance(answer, PayoutList) for answer in answers) == 1
    assert all(isinstance(answer, PayoutList | Conflict) for answer in answers)
    assert house.count(PayoutList) == 1


def test_a_claim_and_a_list_at_once_agree_on_the_account(house: House) -> None:
    refund = asked(house, paid(house))
    claim(house, refund)
    change: Callable[[], object] = partial(claim, house, refund, BINH)
    make: Callable[[], object] = partial(listed, house)
    answers = at_once([change, make])
    changed = isinstance(answers[0], RefundClaim)
    with house.databases.read() as tx:
        made = tx.scalars(select(PayoutList)).one()
        rows = still_to_pay(tx, house.gateways.vault, made)
    assert [row.payee for row in rows] == [BINH if changed else AN]


def test_the_account_the_money_came_from_is_offered(house: House) -> None:
    assert known(house, paid(house, raw_of())) == AN
    by_code = known(house, paid(house, raw_of(bank="VCB"), "R2"))
    assert by_code == AN


@pytest.mark.parametrize("facts", [{"bank": ""}, {"bank": "nowhere"}, {"account": "xxx1234*"}])
def test_a_payer_who_cannot_be_paid_is_not_offered(house: House, facts: dict[str, str]) -> None:
    assert known(house, paid(house, raw_of(**facts))) is None


def test_a_notice_that_names_nobody_or_was_deleted_offers_nobody(house: House) -> None:
    assert known(house, paid(house, b"{}")) is None
    payment = paid(house, raw_of(), "R2")
    with house.databases.write.begin() as tx:
        for body in tx.scalars(select(NoticeBody)):
            tx.delete(body)
    assert known(house, payment) is None


def known(house: House, payment: Payment) -> Payee | None:
    with house.databases.read() as tx:
        return payer_of(tx, house.gateways, payment)


def test_an_account_reads_as_people_type_it() -> None:
    assert read_payee("970436", " 0011.004 123-456 ", "  Nguyễn  Văn An ") == Payee(
        "970436", "0011004123456", "Nguyễn Văn An"
    )


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("", "0011004123456", "An"), "choose the bank"),
        (("123456", "0011004123456", "An"), "choose the bank"),
        (("970436", "123", "An"), "is not an account number"),
        (("970436", "=1+1", "An"), "is not an account number"),
        (("970436", "1" * 20, "An"), "is not an account number"),
        (("970436", "0011004123456", " "), "name of the account holder"),
        (("970436", "0011004123456", "1234"), "name of the account holder"),
        (("970436", "0011004123456", "A" * 71), "name of the account holder"),
    ],
)
def test_what_is_no_account_is_explained(typed: tuple[str, str, str], said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        read_payee(*typed)


@settings(deadline=None, max_examples=50)
@given(number=st.integers(min_value=1, max_value=10**12))
def test_the_purpose_names_the_refund_in_what_banks_carry(number: int) -> None:
    purpose = purpose_of(Refund(number=number))
    assert purpose == f"HOAN TIEN {refund_code(number)}"
    assert len(purpose) <= 25
    assert purpose.isascii()
    assert purpose == purpose.upper()


def test_another_operators_claims_are_on_no_list_of_ours(house: House) -> None:
    claim(house, asked(house, paid(house)))
    with house.databases.write.begin() as tx:
        other = MerchantAccount(
            slug="b", operator="B", provider="word-of-mouth", mode="test", settings={},
            secrets=[], created_at=house.now,
        )  # fmt: skip
        tx.add(other)
        tx.flush()
        with pytest.raises(Conflict):
            make_list(tx, other.id, "person:lan", house.now)
