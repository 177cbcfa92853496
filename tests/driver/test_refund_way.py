"""A driver follows money on its way back, and says where it goes where nobody else can know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.sessions.models import ParkingSession
from parking.sessions.refunds import approve
from payments.claims import opened
from payments.models import Payment, Refund
from payments.payback import RefundClaim, RefundTask
from payments.payouts import make_list
from payments.refund_tasks import Approval, propose, reject
from payments.refunds import RefundRequest
from payments.service import record
from tests.bank_rail import bank_tells, by_bank
from tests.driver.kit import plain, session_path
from tests.driver.test_receipt_page import receipt_link
from tests.driver.transfers import arrived
from tests.kit import Town
from tests.web.kit import Browser

PAYER = {"to": "payer"}
TYPED = {"bank": "970418", "account": "1234 5678 90", "holder": "Trần Thị Bình"}


class Story:
    """One paid stay in a town of banks, its driver's phone, and money that is to go back."""

    def __init__(self, town: Town) -> None:
        self.town = by_bank(town)
        self.browser = Browser(self.town.house)
        self.session: ParkingSession = self.town.arrive("30A-222.22")
        self.town.clock.forward(minutes=50)
        payment = self.town.checkout(self.session)
        self.town.act(payment)
        self.town.deliver(self.browser.app)
        self.payment: Payment = self.town.learn(payment)
        self.receipt = receipt_link(self.browser, session_path(self.town, self.session))
        wish = RefundRequest(
            payment.id, 5_000, "excess", "Paid more than once", "system:paid-twice", "k"
        )
        with self.write() as tx:
            self.task: RefundTask = propose(tx, wish, self.town.now)

    def write(self) -> AbstractContextManager[Session]:
        return self.town.house.databases.write.begin()

    def approve(self) -> Refund:
        house, approval = self.town.house, Approval("person:lan", 0, self.town.now)
        return approve(house.databases.write, house.gateways, self.task.id, approval)

    def read(self, path: str = "") -> str:
        return plain(self.browser.get((path or self.receipt) + "?lang=en"))

    def claim(self, refund: Refund, form: Mapping[str, str], status: int = 303) -> str:
        path = f"{self.receipt}/refunds/{refund.id}"
        answer = self.browser.post(path, page=self.receipt, **form)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return plain(answer)

    def claimed(self) -> RefundClaim | None:
        with self.town.house.databases.read() as tx:
            return tx.scalar(select(RefundClaim))


@pytest.fixture
def story(town: Town) -> Story:
    return Story(town)


def test_the_driver_reads_that_it_was_paid_twice_on_both_pages(story: Story) -> None:
    told = "Paid more than once: VND 5,000 is to go back to you; the operator checks it first"
    assert told in story.read()
    page = story.read(session_path(story.town, story.session))
    assert told in page
    assert "Found that it was paid more than once 08:50 20/11/2026" in page


def test_a_rejected_refund_says_why(story: Story) -> None:
    with story.write() as tx:
        reject(tx, story.task.id, "Đã trả tiền mặt", "person:lan", story.town.now)
    assert "Declined by the operator: Đã trả tiền mặt" in story.read()


def test_one_tap_sends_it_back_where_it_came_from(story: Story) -> None:
    refund = story.approve()
    text = story.read()
    assert "Back to Vietcombank ****3456" in text
    assert "0011004123456" not in story.browser.get(story.receipt).get_data(as_text=True)
    assert "Say where the money goes" in story.read(session_path(story.town, story.session))
    story.claim(refund, {"to": "payer"})
    kept = story.claimed()
    assert kept is not None
    payee = opened(story.town.house.gateways.vault, kept)
    assert payee is not None
    assert (payee.account, payee.holder) == ("0011004123456", "NGUYEN VAN AN")


def test_another_account_is_typed_in_and_may_be_corrected(story: Story) -> None:
    refund = story.approve()
    story.claim(refund, TYPED)
    assert "Goes to BIDV ****7890" in story.read()
    story.claim(refund, TYPED | {"account": "1111222233"})
    assert "Goes to BIDV ****2233" in story.read()


def test_a_form_that_cannot_be_read_is_explained_and_kept(story: Story) -> None:
    refund = story.approve()
    page = story.claim(refund, TYPED | {"account": "12"}, 400)
    assert "12 không phải là số tài khoản" in page
    assert story.claimed() is None


def test_every_state_has_its_date(story: Story) -> None:
    town = story.town
    town.clock.forward(hours=1)
    refund = story.approve()
    town.clock.forward(hours=1)
    story.claim(refund, TYPED)
    town.clock.forward(hours=1)
    account = town.account()
    with story.write() as tx:
        make_list(tx, account.id, "person:lan", town.now)
    text = story.read()
    assert (
        "Approved by the operator 09:50 20/11/2026 Goes to BIDV ****7890 10:50 20/11/2026" in text
    )
    assert "On the operator's payout list no. 1 11:50 20/11/2026" in text
    assert "Left the operator's bank still to come" in text
    assert "Account number" not in text
    town.clock.forward(hours=1)
    bank_tells(town, account, refund)
    done = story.read()
    assert "VND 5,000 went back to you" in done
    assert "Left the operator's bank 12:50 20/11/2026" in done


def test_no_account_is_asked_for_where_the_rail_sends_money_back(town: Town) -> None:
    story = Story(town)
    approval = Approval("person:lan", 0, town.now)
    approve(town.house.databases.write, town.house.gateways, story.task.id, approval)
    text = plain(Browser(town.house).get(f"{story.receipt}?lang=en"))
    assert "VND 5,000 went back to you" in text
    assert "Sent back by the payment company" in text
    assert "Account number" not in text


def test_the_refund_of_another_payment_is_not_there(story: Story) -> None:
    refund = story.approve()
    other = story.town.arrive("30A-333.33")
    story.town.clock.forward(minutes=30)
    story.town.pay(other)
    link = receipt_link(story.browser, session_path(story.town, other))
    answer = story.browser.post(f"{link}/refunds/{refund.id}", page=story.receipt, **TYPED)
    assert answer.status_code == 404
    assert re.search("khoản hoàn", plain(answer))
    assert story.claimed() is None


# Money that never was enough for a receipt


class Part:
    """A car whose driver transferred 10,000 of 25,000 dong and paid the rest in another way; the part
    goes back."""

    def __init__(self, town: Town) -> None:
        self.town = by_bank(town)
        self.browser = Browser(self.town.house)
        session = self.town.arrive("30A-222.22")
        self.town.clock.forward(minutes=50)
        self.path = session_path(self.town, session)
        self.refund = self._part_of(self.town.checkout(session))

    def _part_of(self, payment: Payment) -> Refund:
        house, now = self.town.house, self.town.now
        wish = RefundRequest(payment.id, 10_000, "excess", "Trả lại phần thiếu", "person:hoa", "p")
        with house.databases.write.begin() as tx:
            told = arrived(payment, 10_000, now)
            record(tx, payment.account, told, now, source="webhook", raw=b"a bank's words")
            task = propose(tx, wish, now)
        approval = Approval("person:lan", 0, now)
        return approve(house.databases.write, house.gateways, task.id, approval)

    def claim(
        self, form: Mapping[str, str], status: int = 303, refund: Refund | None = None
    ) -> str:
        path = f"{self.path}/refunds/{(refund or self.refund).id}"
        answer = self.browser.post(path, page=self.path, **form)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return plain(answer)

    def claimed(self) -> RefundClaim | None:
        with self.town.house.databases.read() as tx:
            return tx.scalar(select(RefundClaim))


def test_a_part_without_a_receipt_is_claimed_on_the_sessions_page(town: Town) -> None:
    part = Part(town)
    assert "Back to Vietcombank ****3456" in plain(part.browser.get(f"{part.path}?lang=en"))
    part.claim(PAYER)
    claim = part.claimed()
    assert claim is not None
    assert (claim.hint, claim.given_by) == ("Vietcombank ****3456", "driver")
    assert "Goes to Vietcombank ****3456" in plain(part.browser.get(f"{part.path}?lang=en"))


def test_an_account_that_is_none_is_explained_there_too(town: Town) -> None:
    part = Part(town)
    wrong = part.claim({**TYPED, "account": "12"}, 400)
    assert "12 không phải là số tài khoản" in wrong
    assert part.claimed() is None
    part.claim(TYPED)
    assert part.claimed() is not None


def test_the_sessions_link_claims_nothing_that_has_a_receipt_or_is_of_another(
    story: Story, town: Town
) -> None:
    refund = story.approve()
    here = session_path(story.town, story.session)
    answer = story.browser.post(f"{here}/refunds/{refund.id}", page=story.receipt, **PAYER)
    assert answer.status_code == 404
    part = Part(replace(story.town))
    part.claim(PAYER, 404, refund)
    assert story.claimed() is None
