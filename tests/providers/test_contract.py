"""What every provider must do, run over every entry of `PROVIDERS` against a double of its company.

A new provider adds one line to `RAILS`; an entry without a double fails the first test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from payments.money import EXPONENTS
from payments.provider import (
    InvalidNotice,
    MovementKind,
    NoticeRequest,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    Status,
)
from payments.providers import PROVIDERS
from tests.providers.rail import PRICE, TODAY, Rail
from tests.providers.rails import RAILS, WITHOUT_COMPANY


@pytest.fixture(params=sorted(RAILS))
def rail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rail]:
    with RAILS[request.param](tmp_path) as opened:
        yield opened


def test_every_provider_has_a_double_and_states_its_facts() -> None:
    assert set(PROVIDERS) == set(RAILS) | WITHOUT_COMPANY
    for name, provider in PROVIDERS.items():
        facts = provider.capabilities
        assert (provider.name, bool(provider.label)) == (name, True)
        assert all(isinstance(setting, str) for setting in provider.settings)
        assert bool(provider.secret_fields) == (name not in WITHOUT_COMPANY)
        assert bool(provider.methods) == (name not in WITHOUT_COMPANY)
        assert all(provider.methods.values())
        assert set(provider.hosts) <= {"test", "live"}
        assert facts.currencies
        assert facts.currencies <= EXPONENTS.keys()
        assert 1 <= facts.smallest <= facts.largest


def test_announcing_an_order_again_gives_the_same_checkout(rail: Rail) -> None:
    order = rail.order()
    first = rail.provider.start(order)
    rail.visit(first)
    if rail.repeats:
        assert rail.provider.start(order) == first
    else:
        with pytest.raises(ProviderUnavailable):
            rail.provider.start(order)
    assert (first.url is None) != (first.transfer is None)
    rail.pay(order)
    assert rail.receipt(order).amount == PRICE


def test_an_order_nobody_paid_is_pending_without_money(rail: Rail) -> None:
    order = rail.started()
    told = rail.provider.fetch(order)
    assert (told.status, told.movements, told.order_code) == (Status.PENDING, (), order.code)
    assert rail.provider.fetch(order).key == told.key


def test_an_order_never_announced_is_an_answer_not_an_error(rail: Rail) -> None:
    told = rail.provider.fetch(rail.order(9_999_999))
    assert told.status in (Status.PENDING, Status.UNKNOWN)
    assert told.movements == ()


def test_notice_and_poll_speak_of_the_same_money(rail: Rail) -> None:
    order = rail.paid()
    told = rail.provider.parse_notice(rail.notices()[0])[0]
    polled = rail.provider.fetch(order)
    assert order.code in (told.order_code, *told.candidates)
    assert polled.order_code == order.code
    assert told.status is polled.status is Status.PAID
    assert told.movements == polled.movements
    (movement,) = told.movements
    assert (movement.kind, movement.amount, movement.currency) == (
        MovementKind.RECEIPT, PRICE, "VND",
    )  # fmt: skip
    assert movement.event_at.tzinfo is not None


def test_a_payment_that_was_declined_brings_no_money(rail: Rail) -> None:
    order = rail.started()
    rail.decline(order)
    sent = rail.notices()
    assert bool(sent) == rail.declined_told
    told = [one for request in sent for one in rail.provider.parse_notice(request)]
    for notice in (*told, rail.provider.fetch(order)):
        assert notice.movements == ()
        assert notice.status is not Status.PAID


def test_a_notice_read_twice_has_one_key(rail: Rail) -> None:
    rail.paid()
    (request, *_) = rail.notices()
    first, again = rail.provider.parse_notice(request), rail.provider.parse_notice(request)
    assert [told.key for told in first] == [told.key for told in again]


def test_two_payments_have_two_notices_and_two_movements(rail: Rail) -> None:
    for number in (1, 2):
        rail.paid(number)
    told = [one for request in rail.notices() for one in rail.provider.parse_notice(request)]
    assert len({one.key for one in told}) >= 2
    assert len({fact.rail_ref for one in told for fact in one.movements}) == 2


def test_an_altered_or_empty_notice_is_refused(rail: Rail) -> None:
    rail.paid()
    (request, *_) = rail.notices()
    for altered in (
        with_one_byte_changed(request),
        replace(request, body=b"", query=""),
        replace(request, body=b"{", query="vnp_SecureHash"),
        replace(request, body=b"[]" if request.body else b"", query=""),
        replace(request, body=b"\xff\xfe", query=""),
    ):
        with pytest.raises(InvalidNotice):
            rail.provider.parse_notice(altered)


def with_one_byte_changed(request: NoticeRequest) -> NoticeRequest:
    """The first digit of the message is another one: an amount, a time or an order changes."""
    if request.body:
        text = request.body
        place = next(n for n, byte in enumerate(text) if chr(byte).isdigit())
        other = b"7" if text[place : place + 1] != b"7" else b"8"
        return replace(request, body=text[:place] + other + text[place + 1 :])
    query = request.query
    place = query.index("vnp_Amount=") + len("vnp_Amount=")
    other_digit = "7" if query[place] != "7" else "8"
    return replace(request, query=query[:place] + other_digit + query[place + 1 :])


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_a_reply(rail: Rail, outcome: Outcome) -> None:
    reply = rail.provider.reply(outcome)
    if outcome in (Outcome.APPLIED, Outcome.REPEATED, Outcome.DEFERRED):
        assert 200 <= reply.status < 300
    assert 200 <= reply.status < 600


def test_a_refund_is_done_once_and_never_for_more(rail: Rail) -> None:
    if not rail.provider.capabilities.refunds:
        pytest.skip("this rail sends no money back by itself")
    order = rail.paid()
    whole = rail.giving_back(order, PRICE)
    first = rail.provider.refund(whole)
    rail.provider.refund(whole)
    rail.settle_refunds()
    done = rail.provider.fetch(whole)
    assert (first.refund_key, first.order_code) == (whole.key, order.code)
    assert done.status is Status.PAID
    (movement,) = done.movements
    assert (movement.kind, movement.amount) == (MovementKind.REFUND, PRICE)
    more = rail.giving_back(order, 10_000, number=2)
    if rail.refuses:
        with pytest.raises(ProviderRefused):
            rail.provider.refund(more)
    else:
        assert rail.provider.refund(more).status is Status.UNKNOWN
    assert rail.provider.fetch(whole).movements == (movement,)
    assert rail.provider.fetch(more).movements == ()


def test_a_part_can_go_back_and_the_rest_later(rail: Rail) -> None:
    if not rail.provider.capabilities.refunds:
        pytest.skip("this rail sends no money back by itself")
    order = rail.paid()
    for number, amount in ((1, 5_000), (2, 15_000)):
        part = rail.giving_back(order, amount, number)
        rail.provider.refund(part)
        rail.settle_refunds()
        done = rail.provider.fetch(part)
        assert (done.status, [fact.amount for fact in done.movements]) == (Status.PAID, [amount])


def test_a_statement_comes_when_it_is_due_and_adds_up(rail: Rail) -> None:
    if rail.next_night is None:
        pytest.skip("this rail offers no statement")
    order = rail.paid()
    movement = rail.receipt(order)
    assert rail.provider.statement(TODAY, TODAY) == []
    rail.next_night()
    (file,) = rail.provider.statement(TODAY, TODAY + timedelta(days=3))
    assert file.day == TODAY
    assert [line.gross for line in file.lines if line.rail_ref == movement.rail_ref] == [PRICE]
    assert file.control.count == len([*file.lines])
    assert file.control.net == sum(line.gross - line.fee for line in file.lines)
