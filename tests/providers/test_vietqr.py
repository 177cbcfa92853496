"""The VietQR rail: the code it makes, the settings it needs, and what it says when it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.codes import code_for, refund_code
from payments.errors import WrongUsage
from payments.provider import (
    AccountSettings,
    Feed,
    InvalidNotice,
    KnowsPayer,
    MovementKind,
    NoticeRequest,
    Order,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Status,
)
from payments.providers.vietqr import VietqrProvider
from qr.vietqr import decode
from tests.doubles.faults import Fault
from tests.providers.canned import post, saying
from tests.providers.rail import MORNING, PRICE, Clock
from tests.providers.vietqr_rail import SECRET, Vietqr, vietqr

SETTINGS: dict[str, object] = {
    "bank": "970436",
    "account": "0011009999999",
    "holder": "Công ty TNHH Bãi xe Ân Bình",
    "feeds": "sepay",
}


ORDER = Order(
    code=code_for(1),
    number=1,
    amount=PRICE,
    currency="VND",
    description="HK01 30A-123.45",
    created_at=MORNING,
    expires_at=MORNING + timedelta(minutes=15),
    return_url="https://parking.test/s/abc",
    notify_url="https://parking.test/payments/an/notify",
)


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


def opened(**changed: object) -> VietqrProvider:
    """The client of a live account nobody listens to."""
    account = AccountSettings("an", "live", {**SETTINGS, **changed}, (SECRET,))
    return VietqrProvider(account, saying({"transactions": []}), Clock())


def seen(rail: Vietqr, provider: VietqrProvider | None = None) -> list[tuple[str, int, int]]:
    told = (provider or rail.provider).recent(rail.clock() - timedelta(days=1))
    return [(f.rail_ref, f.occurrence, f.amount) for one in told for f in one.movements]


# The code


def test_the_code_asks_for_the_exact_amount_under_our_payment_code(rail: Vietqr) -> None:
    order = rail.order(number=77, amount=35_000)
    transfer = rail.provider.start(order).transfer
    assert transfer is not None
    code = decode(transfer.payload)
    assert (code.bin, code.account, code.amount, code.purpose, code.payee, code.static) == (
        "970436", "0011009999999", 35_000, order.code, "BAI XE", False,
    )  # fmt: skip
    assert (transfer.bank, transfer.account, transfer.holder, transfer.purpose) == (
        code.bin, code.account, "BAI XE", code.purpose,
    )  # fmt: skip


@given(st.integers(1, 10**12), st.integers(1, VietqrProvider.capabilities.largest))
def test_every_order_has_a_code_that_reads_back(number: int, amount: int) -> None:
    order = replace(ORDER, number=number, code=code_for(number), amount=amount)
    transfer = opened(account="VQRQ0001abcD").start(order).transfer
    assert transfer is not None
    code = decode(transfer.payload)
    assert (code.account, code.amount, code.purpose) == ("VQRQ0001abcD", amount, order.code)
    assert code.remarks == ()


def test_a_long_name_is_cut_in_the_code_and_whole_beside_it() -> None:
    transfer = opened().start(ORDER).transfer
    assert transfer is not None
    assert (decode(transfer.payload).payee, transfer.holder) == (
        "CONG TY TNHH BAI XE AN BI", "Công ty TNHH Bãi xe Ân Bình",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bank", "97043"),
        ("bank", "VCB"),
        ("account", "0011-009"),
        ("account", "1" * 20),
        ("holder", "停车场"),
    ],
)
def test_a_setting_that_makes_no_code_is_named(name: str, value: str) -> None:
    with pytest.raises(WrongUsage, match=f"The setting {name} of account an makes no VietQR code"):
        opened(**{name: value})


@pytest.mark.parametrize("name", VietqrProvider.settings)
@pytest.mark.parametrize("value", ["", None, []])
def test_a_setting_that_is_missing_is_named(name: str, value: object) -> None:
    with pytest.raises(WrongUsage, match=name):
        opened(**{name: value})


# The feeds and their secrets


@pytest.mark.parametrize("feeds", ["payos", "sepay,paypal", ["casso", "SePay"], 5, {"sepay": {}}])
def test_feeds_nobody_knows_or_nobody_can_ask_are_refused(feeds: object) -> None:
    with pytest.raises(
        WrongUsage, match=r"feeds is .*: it names one or more of sepay, casso, payos"
    ):
        opened(feeds=feeds)


@pytest.mark.parametrize("feeds", ["sepay, payos", ["sepay", "payos", "sepay"], "payos sepay"])
def test_feeds_are_a_list_or_a_text(feeds: object) -> None:
    needed = VietqrProvider.required_parts({"feeds": feeds})
    assert set(needed) == {"sepay_secret", "sepay_token", "payos_checksum_key"}
    assert len(needed) == 3


def test_only_the_parts_of_the_feeds_in_use_are_needed() -> None:
    needed = VietqrProvider.required_parts
    assert needed({"feeds": "casso"}) == ("casso_key", "casso_api_key")
    assert needed({"feeds": "sepay", "sepay_auth": "apikey"}) == ("sepay_api_key", "sepay_token")
    assert set(needed({"feeds": "sepay,casso,payos"})) < set(VietqrProvider.secret_fields)


@pytest.mark.parametrize("part", VietqrProvider.required_parts({"feeds": "sepay,casso,payos"}))
def test_a_part_that_is_missing_is_named(rail: Vietqr, part: str) -> None:
    lacking = {name: value for name, value in SECRET.items() if name != part}
    with pytest.raises(WrongUsage, match=f"no {part}"):
        rail.with_settings(lacking)


def test_the_other_modes_address_is_refused() -> None:
    with pytest.raises(WrongUsage, match=r"is in mode live, but my\.dev\.sepay\.vn is not"):
        opened(sepay_api_url="https://my.dev.sepay.vn/userapi")


def test_a_message_of_no_feed_in_use_is_refused(rail: Vietqr) -> None:
    request = rail.heard("casso", rail.bank.receive(PRICE, code_for(1)))
    with pytest.raises(InvalidNotice, match="no bank feed of this account"):
        rail.with_settings(feeds="sepay").parse_notice(request)
    for nothing in (post(b""), post({}), NoticeRequest("GET", "a=b", {}, b"")):
        with pytest.raises(InvalidNotice):
            rail.provider.parse_notice(nothing)


# Asking


def test_what_two_feeds_list_is_one_movement(rail: Vietqr) -> None:
    told = rail.provider.fetch(rail.paid())
    assert (told.status, len(told.movements), told.candidates) == (Status.PAID, 1, ())
    assert len(seen(rail)) == 2
    assert len(set(seen(rail))) == 1


def test_every_transfer_under_the_code_is_told_and_no_other(rail: Vietqr) -> None:
    order = rail.started()
    rail.bank.receive(5_000, order.code)
    rail.bank.receive(PRICE, f"{order.code} {code_for(2)}")
    rail.bank.receive(PRICE, f"{order.code} {refund_code(2)}")
    rail.bank.receive(PRICE, code_for(2))
    rail.bank.send(PRICE, order.code)
    rail.bank.receive(15_000, order.code.lower())
    told = rail.provider.fetch(order)
    assert [(fact.kind, fact.amount) for fact in told.movements] == [
        (MovementKind.RECEIPT, 5_000),
        (MovementKind.RECEIPT, 15_000),
    ]
    assert told.event_at == rail.clock()


def test_money_a_little_before_our_clock_began_is_found_and_older_is_not(rail: Vietqr) -> None:
    order = rail.started()
    rail.bank.receive(PRICE, order.code, at=rail.clock() - timedelta(minutes=6))
    assert rail.provider.fetch(order).movements == ()
    rail.bank.receive(PRICE, order.code, at=rail.clock() - timedelta(minutes=5))
    assert len(rail.provider.fetch(order).movements) == 1


def test_lines_of_the_operators_other_accounts_are_nobodys_business(rail: Vietqr) -> None:
    rail.bank.receive(PRICE, code_for(1))
    elsewhere = rail.with_settings(account="99887766")
    assert elsewhere.fetch(rail.order()).movements == ()
    assert seen(rail, elsewhere) == []
    assert (
        len(
            seen(
                rail,
                rail.with_settings(
                    account="99887766", virtual_accounts="0011 009999999, 0011009999999"
                ),
            )
        )
        == 2
    )


FAILURES: dict[str, Callable[[Vietqr], object]] = {
    "cut off": lambda rail: rail.sepay.faults.add(Fault.CLOSED_BEFORE),
    "broken": lambda rail: rail.sepay.faults.add(Fault.ERROR_BEFORE),
    "slow": lambda rail: rail.sepay.faults.add(Fault.SLOW, seconds=0.7),
    "garbled": lambda rail: rail.sepay.faults.add(Fault.MALFORMED),
    "asked too often": lambda rail: setattr(rail.sepay, "per_second", 0),
    "a wrong token": lambda rail: setattr(rail.sepay, "token", "another"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_silent_feed_stops_no_other(rail: Vietqr, failure: str) -> None:
    order = rail.paid()
    FAILURES[failure](rail)
    assert rail.provider.fetch(order).status is Status.PAID


@pytest.mark.parametrize("failure", FAILURES)
def test_when_no_feed_answers_nothing_is_known(rail: Vietqr, failure: str) -> None:
    """Never pending: that would be an answer."""
    order = rail.paid()
    only = rail.with_settings(feeds="sepay,payos")
    FAILURES[failure](rail)
    kind = ProviderRefused if failure == "a wrong token" else ProviderUnavailable
    with pytest.raises(kind):
        only.fetch(order)


def test_when_every_feed_is_silent_the_sweep_hears_nothing(rail: Vietqr) -> None:
    for double in (rail.sepay, rail.casso):
        double.faults.add(Fault.CLOSED_BEFORE)
    with pytest.raises(ProviderUnavailable):
        rail.provider.recent(rail.clock())


def test_a_wrong_token_beside_a_silent_feed_is_only_silence(rail: Vietqr) -> None:
    """Nothing is refused for good while one feed may still know better."""
    rail.sepay.faults.add(Fault.CLOSED_BEFORE)
    rail.casso.api_key = "another"
    with pytest.raises(ProviderUnavailable):
        rail.provider.fetch(rail.order())


# What happened lately


def test_everything_since_the_days_beginning_is_told_with_its_candidates(rail: Vietqr) -> None:
    rail.bank.receive(PRICE, code_for(1), at=rail.clock() - timedelta(hours=7))
    rail.bank.receive(PRICE, "cam on", at=rail.clock() - timedelta(hours=9))
    rail.bank.receive(PRICE, f"{code_for(1)} {code_for(2)}")
    rail.bank.send(PRICE, "tien dien")
    rail.bank.send(PRICE, refund_code(4))
    told = rail.with_settings(feeds="casso").recent(rail.clock())
    assert [notice.candidates for notice in told] == [
        (code_for(1),), (code_for(1), code_for(2)), (refund_code(4),),
    ]  # fmt: skip
    assert {notice.order_code for notice in told} == {None}
    assert len({notice.key for notice in told}) == 3


def test_equal_transfers_are_counted_and_a_repeat_tells_the_same(rail: Vietqr) -> None:
    for _ in range(3):
        rail.bank.receive(PRICE, code_for(1), reference="FT1")
    rail.bank.send(PRICE, refund_code(1), reference="FT1")
    only = rail.with_settings(feeds="casso")
    assert [n for _, n, _ in seen(rail, only)] == [1, 2, 3, 1]
    assert only.recent(rail.clock()) == only.recent(rail.clock() + timedelta(minutes=30))


def test_the_rail_is_a_feed_and_knows_payers(rail: Vietqr) -> None:
    assert isinstance(rail.provider, Feed)
    assert isinstance(rail.provider, KnowsPayer)
    request = rail.heard("sepay", rail.bank.receive(PRICE, code_for(1)))
    assert rail.provider.payer(request.body) is None


# Money that goes back


def giving_back(rail: Vietqr, number: int = 5) -> RefundOrder:
    return rail.giving_back(rail.paid(), 5_000, number)


def test_a_refund_goes_by_the_operators_list(rail: Vietqr) -> None:
    with pytest.raises(ProviderRefused, match="goes by the operator's payout list"):
        rail.provider.refund(giving_back(rail))
    assert rail.provider.statement(rail.clock().date(), rail.clock().date()) == []


def test_a_refund_is_done_when_its_code_went_out(rail: Vietqr) -> None:
    order = giving_back(rail)
    waiting = rail.provider.fetch(order)
    assert (waiting.status, waiting.movements, waiting.refund_key, waiting.order_code) == (
        Status.PENDING, (), order.key, order.payment.code,
    )  # fmt: skip
    rail.bank.receive(5_000, refund_code(5))
    rail.bank.send(5_000, refund_code(6))
    assert rail.provider.fetch(order) == waiting
    rail.bank.send(5_000, f"hoan tien {refund_code(5)} {order.payment.code}")
    done = rail.provider.fetch(order)
    assert (done.status, done.refund_key) == (Status.PAID, order.key)
    assert [(fact.kind, fact.amount) for fact in done.movements] == [(MovementKind.REFUND, 5_000)]
