"""Casso: Webhook V2 signed over sorted JSON, its test button, and a list page by page."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.codes import code_for, refund_code
from payments.errors import WrongUsage
from payments.provider import (
    AccountSettings,
    HttpAnswer,
    InvalidNotice,
    MovementKind,
    NoticeRequest,
    PayerAccount,
    ProviderRefused,
    ProviderUnavailable,
)
from payments.providers.feeds.casso import MOST_PAGES, CassoFeed
from tests.doubles import casso
from tests.doubles.credentials import CASSO_WEBHOOK_KEY
from tests.providers.canned import JSON, Canned, saying
from tests.providers.rail import MORNING, PRICE
from tests.providers.vietqr_rail import SECRET, Vietqr, vietqr

(VECTOR,) = json.loads(
    (Path(__file__).parents[1] / "doubles" / "vectors" / "casso.json").read_text(encoding="utf-8")
)["vectors"]
CODE = code_for(1)
NOON_MS = 1_795_150_000_000


@pytest.fixture
def rail(tmp_path: Path) -> Iterator[Vietqr]:
    with vietqr(tmp_path) as opened:
        yield opened


def alone(key: str, company: Canned | None = None) -> CassoFeed:
    """The feed without an account around it."""
    account = AccountSettings("an", "live", {}, ({"casso_key": key, "casso_api_key": "AK"},))
    return CassoFeed(account, company or saying())


def signed(
    body: Mapping[str, Any], key: str = CASSO_WEBHOOK_KEY, at: int = NOON_MS
) -> NoticeRequest:
    headers = {**JSON, "X-Casso-Signature": casso.header(key, at, dict(body))}
    return NoticeRequest("POST", "", headers, json.dumps(body).encode())


def webhook(rail: Vietqr, entry: Any, **changed: object) -> NoticeRequest:
    body = casso.webhook(rail.bank.owner, entry)
    body["data"] |= changed
    return signed(body, at=int(rail.clock().timestamp() * 1000))


def test_the_published_sample_is_signed_and_is_the_test_button() -> None:
    request = NoticeRequest(
        "POST",
        "",
        {**JSON, "X-Casso-Signature": VECTOR["header"]},
        json.dumps(VECTOR["body"]).encode(),
    )
    told = alone(VECTOR["key"]).read(request)
    assert told.entries == ()
    assert told.signed_at is not None
    assert told.signed_at.isoformat() == "2024-10-03T16:37:38.788000+07:00"
    with pytest.raises(InvalidNotice, match="not signed"):
        alone("another key").read(request)


def test_the_published_sample_with_another_amount_is_refused() -> None:
    body = json.dumps(VECTOR["body"]).replace("599000", "599001").encode()
    with pytest.raises(InvalidNotice, match="not signed"):
        alone(VECTOR["key"]).read(
            NoticeRequest("POST", "", {**JSON, "X-Casso-Signature": VECTOR["header"]}, body)
        )


def test_the_test_button_is_acknowledged_and_brings_nothing(rail: Vietqr) -> None:
    rail.casso.notify_url = rail.sepay.notify_url
    notice = rail.casso.press_test_button()
    message = notice.make(rail.clock())
    request = NoticeRequest(message.method, "", message.headers, message.body)
    assert rail.provider.parse_notice(request) == ()


keys = st.text("abcZ_é", max_size=4)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(keys, values, max_size=4))
def test_the_order_of_keys_and_the_escapes_say_nothing(more: dict[str, Any]) -> None:
    body = {**more, "data": {"id": 0, "description": "Gửi xe", "z": more}, "error": 0}
    request = signed(body, "k")
    turned = json.dumps(dict(reversed(body.items())), ensure_ascii=False, indent=2).encode()
    feed = alone("k")
    assert feed.read(request) == feed.read(NoticeRequest("POST", "", request.headers, turned))


@given(values, st.sampled_from(["id", "error", "data"]))
def test_any_changed_value_is_refused(value: object, name: str) -> None:
    body: dict[str, Any] = {"error": 0, "data": {"id": 0}}
    request = signed(body, "k")
    changed = {**body, name: value}
    if json.dumps(changed) != json.dumps(body):
        with pytest.raises(InvalidNotice):
            alone("k").read(
                NoticeRequest("POST", "", request.headers, json.dumps(changed).encode())
            )


@pytest.mark.parametrize(
    "given_header",
    [
        "",
        "t=,v1=",
        f"t={NOON_MS}",
        f"v1={'0' * 128}",
        f"t={NOON_MS},v1={'0' * 127}",
        f"t={NOON_MS},v1={'G' * 128}",
        f"t=-1,v1={'0' * 128}",
        f"t={'9' * 40},v1={'0' * 128}",
        f"t=١,v1={'0' * 128}",
    ],
)
def test_a_header_of_another_shape_is_refused(given_header: str) -> None:
    request = NoticeRequest("POST", "", {**JSON, "X-Casso-Signature": given_header}, b"{}")
    with pytest.raises(InvalidNotice, match="not signed"):
        alone("k").read(request)


def test_half_a_surrogate_pair_is_refused_not_stumbled_over() -> None:
    request = signed({"error": 0, "data": {}}, "k")
    with pytest.raises(InvalidNotice, match="not signed"):
        alone("k").read(NoticeRequest("POST", "", request.headers, b'{"data": "\\ud800"}'))


def test_half_a_surrogate_pair_stands_for_no_other_letter() -> None:
    request = signed({"error": 0, "data": {"id": 0, "description": "?"}}, "k")
    turned = request.body.replace(b"?", b"\\ud800")
    with pytest.raises(InvalidNotice, match="not signed"):
        alone("k").read(NoticeRequest("POST", "", request.headers, turned))


def test_both_live_keys_sign(rail: Vietqr) -> None:
    entry = rail.bank.receive(PRICE, CODE)
    provider = rail.with_settings(SECRET | {"casso_key": "the newest"}, SECRET)
    assert provider.parse_notice(webhook(rail, entry))
    (told,) = rail.provider.parse_notice(webhook(rail, entry))
    assert (told.key, told.candidates, told.stale) == ("casso:6500001", (CODE,), False)


def test_a_genuine_message_from_long_ago_is_stale(rail: Vietqr) -> None:
    request = webhook(rail, rail.bank.receive(PRICE, CODE))
    rail.clock.forward(minutes=6)
    assert rail.provider.parse_notice(request)[0].stale


def test_a_negative_amount_is_money_that_went(rail: Vietqr) -> None:
    assert rail.provider.parse_notice(webhook(rail, rail.bank.send(700, "phi SMS"))) == ()
    back = rail.bank.send(5_000, f"hoan tien {refund_code(3)}")
    (told,) = rail.provider.parse_notice(webhook(rail, back))
    assert told.candidates == (refund_code(3),)
    assert [(fact.kind, fact.amount) for fact in told.movements] == [(MovementKind.REFUND, 5_000)]


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 0},
        {"amount": "20000"},
        {"amount": 1.5},
        {"id": None},
        {"accountNumber": 11},
        {"accountNumber": "0099"},
        {"description": None, "transactionDateTime": ""},
        {"reference": 12},
    ],
)
def test_a_genuine_message_that_says_nothing_sensible_is_refused(
    rail: Vietqr, changed: dict[str, object]
) -> None:
    with pytest.raises(InvalidNotice):
        rail.provider.parse_notice(webhook(rail, rail.bank.receive(PRICE, CODE), **changed))


@pytest.mark.parametrize("data", [None, [], [{"id": 1}], "a", {}])
def test_data_of_another_shape_is_refused(data: object) -> None:
    with pytest.raises(InvalidNotice, match="cannot be understood"):
        alone("k").read(signed({"error": 0, "data": data}, "k"))


# Who paid


def test_the_payer_is_the_account_on_the_other_side(rail: Vietqr) -> None:
    request = webhook(rail, rail.bank.receive(PRICE, CODE))
    payer = PayerAccount("970415", "0010000000001", "NGUYEN VAN A")
    assert rail.provider.payer(request.body) == payer


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": -5},
        {"counterAccountNumber": ""},
        {"counterAccountNumber": None},
        {"amount": None},
    ],
)
def test_no_payer_is_better_than_a_wrong_one(rail: Vietqr, changed: dict[str, object]) -> None:
    request = webhook(rail, rail.bank.receive(PRICE, CODE), **changed)
    assert rail.provider.payer(request.body) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"data": 1}', b'{"error": 0, "data": [1]}'])
def test_a_message_of_another_shape_names_no_payer(rail: Vietqr, raw: bytes) -> None:
    assert rail.provider.payer(raw) is None


# The list


def record(own_id: int, when: str = "2026-11-20 08:00:00", **changed: object) -> dict[str, object]:
    return {
        "id": own_id,
        "tid": f"FT{own_id}",
        "description": CODE,
        "amount": PRICE,
        "when": when,
        "bankSubAccId": "0011",
        **changed,
    }


def page(records: object, following: object) -> dict[str, object]:
    return {"error": 0, "data": {"records": records, "nextPage": following}}


def test_pages_are_read_backwards_until_one_is_all_older() -> None:
    company = saying(
        page([record(4), record(3)], 2),
        page([record(3), record(2), record(1, "2026-11-20 07:59:59")], 3),
        page([record(0, "2026-11-20 07:00:00")], 4),
    )
    found = alone("k", company).listed(MORNING)
    assert [entry.own_id for entry in found] == ["2", "3", "4"]
    assert [url.partition("?")[2] for url, _ in company.asked] == [
        f"fromDate=2026-11-20&page={number}&pageSize=100&sort=DESC" for number in (1, 2, 3)
    ]
    assert company.asked[0][0].startswith("https://oauth.casso.vn/v2/transactions?")


@pytest.mark.parametrize("records", [[], [record(1)]])
def test_the_last_page_ends_the_list(records: list[object]) -> None:
    company = saying(page(records, None))
    assert len(alone("k", company).listed(MORNING)) == len(records)
    assert len(company.asked) == 1


def test_a_list_without_an_end_is_none() -> None:
    company = saying(page([record(1)], 2))
    with pytest.raises(ProviderUnavailable):
        alone("k", company).listed(MORNING)
    assert len(company.asked) == MOST_PAGES


def test_what_went_out_is_listed_with_its_size() -> None:
    (entry,) = alone("k", saying(page([record(1, amount=-700)], None))).listed(MORNING)
    assert (entry.incoming, entry.amount) == (False, 700)


@pytest.mark.parametrize(
    "answer",
    [
        {"error": 1, "data": {"records": []}},
        {"error": 0, "data": None},
        {"error": 0, "data": {}},
        page({}, None),
        page(["a"], None),
        page([record(1, amount="5")], None),
        page([record(1, when="5")], None),
    ],
)
def test_an_answer_that_is_no_list_says_nothing(answer: object) -> None:
    with pytest.raises(ProviderUnavailable):
        alone("k", saying(answer)).listed(MORNING)


def test_a_wrong_key_is_told_as_such() -> None:
    company = Canned([HttpAnswer(401, JSON, b'{"error": 401}')])
    with pytest.raises(ProviderRefused, match="Casso does not know this account's keys"):
        alone("k", company).listed(MORNING)


def test_casso_has_no_system_for_tests() -> None:
    with pytest.raises(WrongUsage, match="casso_api_url"):
        CassoFeed(AccountSettings("an", "test", {}, ()), saying())
