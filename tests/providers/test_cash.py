"""Cash has no company: nothing is announced, nobody is asked, and no door opens."""

from __future__ import annotations

from datetime import date

import pytest

from payments.provider import (
    AccountSettings,
    InvalidNotice,
    LineKind,
    MovementKind,
    NoticeRequest,
    Outcome,
    ProviderRefused,
    RefundOrder,
    Status,
)
from payments.providers.cash import (
    CashProvider,
    count_file,
    counted_line,
    difference_line,
    given_back,
    taken,
)
from tests.providers.canned import saying
from tests.providers.rail import MORNING, Clock
from tests.providers.test_momo import ORDER

CODE = ORDER.code
TILL = CashProvider(
    AccountSettings("cash-an", "test", {"holder": "an"}, ({},)), saying({}), Clock()
)


def test_no_order_is_announced_and_no_money_sent_back() -> None:
    refund = RefundOrder("key", 1, 5_000, MORNING, "an", "reason", ORDER)
    with pytest.raises(ProviderRefused):
        TILL.start(ORDER)
    with pytest.raises(ProviderRefused):
        TILL.refund(refund)
    told = TILL.fetch(refund)
    assert (told.status, told.refund_key, told.order_code) == (Status.UNKNOWN, "key", CODE)


def test_nobody_knows_more_than_the_books() -> None:
    told = TILL.fetch(ORDER)
    assert (told.status, told.movements, told.order_code) == (Status.UNKNOWN, (), CODE)
    assert TILL.statement(date(2026, 11, 20), date(2026, 11, 20)) == ()


@pytest.mark.parametrize("body", [b"", b'{"paid": true}'])
def test_a_notice_about_cash_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidNotice):
        TILL.parse_notice(NoticeRequest("POST", "", {}, body))
    assert TILL.reply(Outcome.INVALID).status == 403


def test_taking_and_giving_back_are_two_motions_of_one_payment() -> None:
    took, gave = taken(CODE, 5_000, MORNING), given_back(CODE, 5_000, MORNING)
    assert took == taken(CODE, 5_000, MORNING)
    assert took.key != gave.key
    assert [one.status for one in (took, gave)] == [Status.PAID, Status.CANCELLED]
    assert [one.movements[0].kind for one in (took, gave)] == [
        MovementKind.RECEIPT, MovementKind.REVERSAL,
    ]  # fmt: skip


def test_a_count_is_a_file_whose_totals_are_its_lines() -> None:
    lines = [
        counted_line(CODE, MovementKind.RECEIPT, 5_000, MORNING),
        counted_line(CODE, MovementKind.REVERSAL, 5_000, MORNING),
        difference_line("count-1", -700, "wrong change", MORNING),
    ]
    file = count_file("cash.json", MORNING.date(), lines, b"{}", complete=False)
    assert (file.control.count, file.control.net, file.control.fee) == (3, -700, 0)
    assert [line.gross for line in file.lines] == [5_000, -5_000, -700]
    assert [line.kind for line in file.lines] == [LineKind.PAYMENT] * 2 + [LineKind.COUNT]
    assert len({line.line_ref for line in file.lines}) == 3
