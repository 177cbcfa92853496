"""SePay: signed on raw bytes with a time, two live secrets, the older key, and a list in parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.codes import code_for, refund_code
from payments.provider import (
    AccountSettings,
    HttpAnswer,
    InvalidNotice,
    MovementKind,
    Notice,
    NoticeRequest,
    ProviderRefused,
    ProviderUnavailable,
)
from payments.providers.feeds.sepay import LONGEST_LIST, MOST_PARTS, SepayFeed
from tests.doubles import sepay_wire
from tests.doubles.bank import Entry
from tests.doubles.credentials import SEPAY_TOKEN, SEPAY_WEBHOOK_SECRET
from tests.providers.canned import JSON, Canned, saying
from tests.providers.rail import MORNING, PRICE
from tests.providers.vietqr_rail import SECRET, Vietqr, vietqr

CODE = code_for(1)
OLD = SECRET | {"sepay_secret": "the secret before this one"}


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


def arrived(rail: Vietqr, text: str = CODE, amount: int = PRICE, **more: Any) -> Entry:
    return rail.bank.receive(amount, text, **more)


def webhook(
    rail: Vietqr, entry: Entry, *, secret: str = SEPAY_WEBHOOK_SECRET, **changed: object
) -> NoticeRequest:
    """The webhook of `entry`, changed before it is signed."""
    fields = sepay_wire.webhook(rail.bank.owner, entry, "PK") | changed
    return signed(rail, sepay_wire.written(fields), secret=secret)


def signed(
    rail: Vietqr, body: bytes, *, secret: str = SEPAY_WEBHOOK_SECRET, kind: str = "application/json"
) -> NoticeRequest:
    moment = int(rail.clock().timestamp())
    headers = {
        "Content-Type": kind,
        "X-Sepay-Timestamp": str(moment),
        "x-sepay-signature": sepay_wire.signature(secret, moment, body),
    }
    return NoticeRequest("POST", "", headers, body)


def with_headers(request: NoticeRequest, **headers: str) -> NoticeRequest:
    renamed = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(request, headers={**request.headers, **renamed})


def heard(rail: Vietqr, request: NoticeRequest) -> Notice:
    (told,) = rail.provider.parse_notice(request)
    return told


def test_a_credit_is_a_receipt_named_by_reference_day_and_amount(rail: Vietqr) -> None:
    told = heard(rail, webhook(rail, arrived(rail, reference="ft 26-324.7")))
    (fact,) = told.movements
    assert (told.key, told.order_code, told.candidates, told.stale) == (
        "sepay:92700001", None, (CODE,), False,
    )  # fmt: skip
    assert (fact.kind, fact.rail_ref, fact.amount, fact.currency, fact.event_at) == (
        MovementKind.RECEIPT, "FT263247:20261120:20000", PRICE, "VND", MORNING,
    )  # fmt: skip


def test_without_a_reference_a_transfer_is_known_by_what_is_left(rail: Vietqr) -> None:
    entry = arrived(rail)
    for nothing in (None, "", " - "):
        told = heard(rail, webhook(rail, entry, referenceCode=nothing))
        assert len(told.movements[0].rail_ref) == 64
    later = heard(
        rail, webhook(rail, entry, referenceCode="", transactionDate="2026-11-20 08:00:01")
    )
    assert later.movements[0].rail_ref != told.movements[0].rail_ref


@pytest.mark.parametrize("secret", [SEPAY_WEBHOOK_SECRET, OLD["sepay_secret"]])
def test_both_live_secrets_sign(rail: Vietqr, secret: str) -> None:
    provider = rail.with_settings(SECRET, OLD)
    assert provider.parse_notice(webhook(rail, arrived(rail), secret=secret))
    with pytest.raises(InvalidNotice, match="not signed with a secret"):
        provider.parse_notice(webhook(rail, arrived(rail), secret="somebody else's"))


@pytest.mark.parametrize(
    ("minutes", "stale"), [(0, False), (5, False), (5.02, True), (300, True), (-5, False)]
)
def test_a_genuine_message_from_long_ago_is_stale(
    rail: Vietqr, minutes: float, stale: bool
) -> None:
    request = webhook(rail, arrived(rail))
    rail.clock.forward(minutes=minutes)
    assert heard(rail, request).stale == stale


def test_a_message_from_the_future_is_refused(rail: Vietqr) -> None:
    request = webhook(rail, arrived(rail))
    rail.clock.forward(minutes=-5, seconds=-1)
    with pytest.raises(InvalidNotice, match="in the future"):
        rail.provider.parse_notice(request)


def test_the_time_is_part_of_what_is_signed(rail: Vietqr) -> None:
    request = webhook(rail, arrived(rail))
    moment = int(rail.clock().timestamp())
    for stamp in (str(moment + 1), "", "now", "-1", "9" * 12, "١٢٣"):
        with pytest.raises(InvalidNotice):
            rail.provider.parse_notice(with_headers(request, X_Sepay_Timestamp=stamp))


def test_the_older_mode_carries_a_key_and_no_time(rail: Vietqr) -> None:
    key = {"sepay_api_key": "a plain key", "sepay_token": SEPAY_TOKEN}
    provider = rail.with_settings(key, feeds="sepay", sepay_auth="apikey")
    body = sepay_wire.written(sepay_wire.webhook(rail.bank.owner, arrived(rail), "PK"))
    request = NoticeRequest("POST", "", {**JSON, "Authorization": "Apikey a plain key"}, body)
    (told,) = provider.parse_notice(request)
    assert (told.candidates, told.stale) == ((CODE,), False)
    for wrong in ("Apikey a plain kex", "Apikey ", "Apikey", "Bearer a plain key", "apikey ơ"):
        with pytest.raises(InvalidNotice):
            provider.parse_notice(replace(request, headers={**JSON, "Authorization": wrong}))
    with pytest.raises(InvalidNotice):  # an account that only believes signatures
        rail.provider.parse_notice(request)
    with pytest.raises(InvalidNotice):  # and one without a secret believes none
        provider.parse_notice(webhook(rail, arrived(rail)))


def test_what_goes_out_is_a_refund_only_under_a_refund_code(rail: Vietqr) -> None:
    rent = rail.bank.send(9_000_000, "tien thue mat bang")
    assert rail.provider.parse_notice(webhook(rail, rent)) == ()
    assert rail.provider.parse_notice(webhook(rail, rail.bank.send(PRICE, CODE))) == ()
    back = rail.bank.send(5_000, f"Hoan tien {refund_code(7)} {CODE}")
    told = heard(rail, webhook(rail, back))
    assert told.candidates == (refund_code(7),)
    assert [(fact.kind, fact.amount) for fact in told.movements] == [(MovementKind.REFUND, 5_000)]


def test_a_payout_that_came_back_names_nobody(rail: Vietqr) -> None:
    """Believing its refund code would call the refund done."""
    assert heard(rail, webhook(rail, arrived(rail, refund_code(7)))).candidates == ()
    both = heard(rail, webhook(rail, arrived(rail, f"{refund_code(7)} {CODE}")))
    assert both.candidates == (CODE, refund_code(7))


BAD: Mapping[str, Mapping[str, Any]] = {
    "no amount": {"transferAmount": None},
    "an amount of nothing": {"transferAmount": 0},
    "a negative amount": {"transferAmount": -PRICE},
    "a broken amount": {"transferAmount": 20_000.5},
    "an amount in words": {"transferAmount": "20000"},
    "truth for an amount": {"transferAmount": True},
    "more money than there is": {"transferAmount": 10**13},
    "another direction": {"transferType": "around"},
    "no direction": {"transferType": None},
    "no account": {"accountNumber": ""},
    "a list for a text": {"content": ["a"]},
    "an endless text": {"content": "a" * 5_000},
    "no id": {"id": None},
    "no date": {"transactionDate": "yesterday"},
    "the first day of all": {"transactionDate": "0001-01-01 00:00:00"},
    "a day that never was": {"transactionDate": "2026-02-30 08:00:00"},
}


@pytest.mark.parametrize("wrong", BAD)
def test_a_genuine_message_that_says_nothing_sensible_is_refused(rail: Vietqr, wrong: str) -> None:
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(webhook(rail, arrived(rail), **dict(BAD[wrong])))


def test_another_bank_account_is_refused_by_its_number(rail: Vietqr) -> None:
    request = webhook(rail, arrived(rail), accountNumber="0099")
    with pytest.raises(InvalidNotice, match="bank account 0099, which is not this account's"):
        rail.provider.parse_notice(request)


def test_a_virtual_account_of_ours_is_ours(rail: Vietqr) -> None:
    request = webhook(rail, arrived(rail), accountNumber="0099", subAccount="VqRq0001")
    told = rail.with_settings(virtual_accounts=["vqrq-0001"]).parse_notice(request)
    assert told[0].candidates == (CODE,)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"id": 1, "id": 2}', b"null", b"[" * 100_000, b'"\\ud800"'],
)
def test_signed_bytes_that_are_no_object_are_refused(rail: Vietqr, body: bytes) -> None:
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(signed(rail, body))


def test_what_is_not_called_json_or_too_large_is_refused(rail: Vietqr) -> None:
    body = webhook(rail, arrived(rail)).body
    assert rail.provider.parse_notice(signed(rail, body, kind="application/json; charset=utf-8"))
    with pytest.raises(InvalidNotice, match="not JSON"):
        rail.provider.parse_notice(signed(rail, body, kind="text/plain"))
    with pytest.raises(InvalidNotice, match="too large"):
        rail.provider.parse_notice(signed(rail, body + b" " * 300_000))


def test_fields_nobody_knows_do_no_harm(rail: Vietqr) -> None:
    entry = arrived(rail)
    more = webhook(rail, entry, fee=12, note={"deep": ["er"]}, code="PKXXXXXXXXXX")
    assert heard(rail, more) == heard(rail, webhook(rail, entry))


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(place: int, bit: int) -> None:
    """Of the feed alone: no socket is needed to refuse."""
    body = b'{"id": 1, "transferAmount": 20000, "content": "PK"}'
    place %= len(body)
    changed = body[:place] + bytes([body[place] ^ (1 << bit)]) + body[place + 1 :]
    stamp = 1_795_000_000
    headers = {
        **JSON,
        "X-SePay-Timestamp": str(stamp),
        "X-SePay-Signature": sepay_wire.signature("s", stamp, body),
    }
    feed = SepayFeed(AccountSettings("an", "test", {}, ({"sepay_secret": "s"},)), saying())
    with pytest.raises(InvalidNotice, match="not signed"):
        feed.read(NoticeRequest("POST", "", headers, changed))


# The list


def record(own_id: int, at: str, **changed: object) -> dict[str, object]:
    return {
        "id": str(own_id),
        "account_number": "0011",
        "transaction_date": at,
        "amount_in": "20000.00",
        "amount_out": "0.00",
        "transaction_content": CODE,
        "reference_number": f"FT{own_id}",
        **changed,
    }


def listing(*answers: object, status: int = 200) -> tuple[SepayFeed, Canned]:
    company = saying(*answers, status=status)
    secret = {"sepay_token": "tok"}
    return SepayFeed(AccountSettings("an", "live", {}, (secret,)), company), company


def test_a_long_list_is_read_in_parts_that_overlap() -> None:
    seconds = [f"2026-11-20 {n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(6_000)]
    rows = [record(n + 1, at) for n, at in enumerate(seconds)][::-1]
    first, second = rows[:LONGEST_LIST], rows[LONGEST_LIST - 1 :]
    feed, company = listing({"transactions": first}, {"transactions": second})
    found = feed.listed(MORNING - timedelta(hours=8))
    assert [entry.own_id for entry in found] == [str(n + 1) for n in range(6_000)]
    (asked, _), (then, _) = company.asked
    assert asked.startswith("https://my.sepay.vn/userapi/transactions/list?")
    assert "transaction_date_min=2026-11-20+00%3A00%3A00&limit=5000" in asked
    assert "transaction_date_max=2026-11-20+00%3A16%3A40" in then


def test_a_full_part_that_brings_nothing_new_ends_the_list() -> None:
    feed, company = listing({"transactions": [record(1, "2026-11-20 08:00:00")] * LONGEST_LIST})
    assert len(feed.listed(MORNING)) == 1
    assert len(company.asked) == 2


def test_a_list_without_an_end_is_none() -> None:
    parts = [
        {
            "transactions": [
                record(turn * LONGEST_LIST + n, "2026-11-20 08:00:00") for n in range(LONGEST_LIST)
            ]
        }
        for turn in range(2)
    ]
    feed, company = listing(*parts)
    company.answers = [
        HttpAnswer(
            200,
            JSON,
            json.dumps(parts[turn % 2]).replace('"id": "', f'"id": "{turn + 1}0').encode(),
        )
        for turn in range(MOST_PARTS)
    ]
    with pytest.raises(ProviderUnavailable):
        feed.listed(MORNING)


def test_lines_that_moved_nothing_or_are_older_are_left_out() -> None:
    rows = [
        record(1, "2026-11-20 08:00:00", amount_in="0"),
        record(2, "2026-11-20 07:59:59"),
        record(3, "2026-11-20 08:00:00", amount_in="0.00", amount_out="700"),
    ]
    feed, _ = listing({"transactions": rows})
    (entry,) = feed.listed(MORNING)
    assert (entry.own_id, entry.incoming, entry.amount) == ("3", False, 700)


@pytest.mark.parametrize(
    "changed",
    [{"amount_in": "20,000.00"}, {"amount_in": 20_000}, {"amount_in": "20000.50"}, {"id": "x"}],
)
def test_a_list_with_a_line_nobody_can_read_says_nothing(changed: Mapping[str, object]) -> None:
    feed, _ = listing({"transactions": [record(1, "2026-11-20 08:00:00", **changed)]})
    with pytest.raises(ProviderUnavailable, match="cannot be believed"):
        feed.listed(MORNING)


@pytest.mark.parametrize("answer", [{}, {"transactions": None}, {"transactions": ["a"]}, [1]])
def test_an_answer_that_is_no_list_says_nothing(answer: object) -> None:
    with pytest.raises(ProviderUnavailable):
        listing(answer)[0].listed(MORNING)


@pytest.mark.parametrize("status", [404, 429, 500, 302])
def test_another_status_means_another_time(status: int) -> None:
    with pytest.raises(ProviderUnavailable):
        listing({"transactions": []}, status=status)[0].listed(MORNING)


@pytest.mark.parametrize("status", [401, 403])
def test_a_wrong_token_is_told_as_such(status: int) -> None:
    with pytest.raises(ProviderRefused, match="SePay does not know this account's keys"):
        listing({"error": "Unauthorized"}, status=status)[0].listed(MORNING)
