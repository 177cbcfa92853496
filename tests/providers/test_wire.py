"""What all rails read and write alike: to the letter, and exactly up to each limit."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from payments.errors import Complaint, WrongUsage
from payments.provider import AccountSettings, HttpAnswer, InvalidNotice, NoticeRequest
from payments.providers import wire
from payments.providers.vnpay_wire import read_amount, read_time, verified

BUILT_IN = {"test": "https://test.example/", "live": "https://live.example/"}


def notice(body: bytes, kind: str = "application/json") -> NoticeRequest:
    return NoticeRequest("POST", "", {"CONTENT-type": kind}, body)


def account(mode: str = "test", **settings: object) -> AccountSettings:
    return AccountSettings("an", mode, settings, ())


def said(call: type[Complaint], question: object) -> str:
    with pytest.raises(call) as refused:
        question()  # type: ignore[operator]
    return str(refused.value)


def test_a_signature_is_the_named_digest_of_the_very_bytes() -> None:
    for digest in ("sha256", "sha512"):
        expected = hmac.new(b"key", b"content", getattr(hashlib, digest)).hexdigest()
        assert wire.hmac_hex("key", b"content", digest) == expected
    assert wire.hmac_hex("key", b"content") == hmac.new(b"key", b"content", "sha256").hexdigest()


def test_one_of_ours_among_theirs_is_enough_and_nothing_else_is() -> None:
    assert wire.any_equal(["a", "b"], ["x", "b"])
    assert wire.any_equal(["b"], ["b"])
    assert not wire.any_equal(["a", "b"], ["x", "A"])
    assert not wire.any_equal([], [""])
    assert not wire.any_equal(["a"], [])
    assert not wire.any_equal(["?"], ["\ud800x"])
    assert wire.any_equal(["ấ"], ["ấ"])


def test_a_header_is_found_in_any_case_and_absent_ones_are_empty() -> None:
    request = NoticeRequest("POST", "", {"X-Sign": "s", "Other": "o"}, b"")
    assert (wire.header(request, "x-SIGN"), wire.header(request, "none")) == ("s", "")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b"[1]", "not an object"),
        (b'{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_only_one_plain_object_is_read(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{reason}$"):
        wire.json_object(content)
    assert wire.json_object('{"a": {"b": 1}}') == {"a": {"b": 1}}


def test_a_notice_says_why_it_is_refused() -> None:
    whole = b'{"a":1}'
    padded = whole[:-1] + b" " * (wire.LARGEST_MESSAGE - len(whole)) + b"}"
    assert wire.notice_object(notice(whole, " Application/JSON ; charset=utf-8")) == {"a": 1}
    assert wire.notice_object(notice(padded)) == {"a": 1}
    too_large = notice(padded + b" ")
    assert said(InvalidNotice, lambda: wire.notice_object(too_large)) == "The notice is too large."
    no_json = notice(whole, "text/json")
    assert said(InvalidNotice, lambda: wire.notice_object(no_json)) == "The notice is not JSON."
    assert said(InvalidNotice, lambda: wire.notice_object(notice(b"{"))) == (
        "The notice is not one JSON object with each key once."
    )


class Line:
    """An outbound client that keeps what was sent."""

    def __init__(self) -> None:
        self.sent: tuple[object, ...] = ()

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self.sent = method, url, body, headers
        return HttpAnswer(200, {}, b"{}")


def test_json_is_posted_as_people_write_it_and_says_what_it_is() -> None:
    line = Line()
    assert wire.post_json(line, "https://a/b", {"n": "Hà Nội"}, {"X": "1"}).status == 200
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    assert line.sent == (
        "POST", "https://a/b", json.dumps({"n": "Hà Nội"}, ensure_ascii=False).encode(),
        kind | {"X": "1"},
    )  # fmt: skip
    wire.post_json(line, "https://a/b", {})
    assert line.sent == ("POST", "https://a/b", b"{}", kind)


@pytest.mark.parametrize("status", [500, 503, *sorted(wire.NOT_NOW)])
def test_a_company_that_is_away_is_named_with_its_status(status: int) -> None:
    answer = HttpAnswer(status, {}, b"{}")
    words = said(Complaint, lambda: wire.answer_object(answer, "MoMo"))
    assert words == f"MoMo answered {status}."


def test_an_answer_is_believed_below_500_and_when_it_is_an_object() -> None:
    assert wire.answer_object(HttpAnswer(499, {}, b'{"a":1}'), "MoMo") == {"a": 1}
    words = said(Complaint, lambda: wire.answer_object(HttpAnswer(200, {}, b"x"), "MoMo"))
    assert words == "The answer of MoMo cannot be believed."
    assert str(wire.refused("MoMo", 42)) == "MoMo refused: 42."


def test_texts_and_addresses_end_where_they_say() -> None:
    assert wire.text("x" * wire.LONGEST_TEXT) == "x" * wire.LONGEST_TEXT
    assert wire.text("abc", 3) == "abc"
    for bad in ("", "x" * (wire.LONGEST_TEXT + 1), "a\nb"):
        with pytest.raises(ValueError, match=r"^not a text a person could read$"):
            wire.text(bad)
    with pytest.raises(TypeError, match=r"^not a text$"):
        wire.text(b"x")
    for good in ("http://a", "https://a/b?c"):
        assert wire.web_address(good) == good
    longest = "https://a/" + "x" * (wire.LONGEST_ADDRESS - 10)
    assert wire.web_address(longest) == longest
    for bad in ("javascript:x", "https:", "ftp://a", "/a"):
        with pytest.raises(ValueError, match=r"^not the address of a page$"):
            wire.web_address(bad)


def test_numbers_are_whole_and_of_this_world() -> None:
    assert [wire.whole(n) for n in (0, -(10**18) + 1, 10**18 - 1)] == [0, 1 - 10**18, 10**18 - 1]
    for no_number in (True, 1.0, "1", None):
        with pytest.raises(TypeError, match=r"^not a whole number$"):
            wire.whole(no_number)
    for endless in (10**18, -(10**18)):
        with pytest.raises(ValueError, match=r"^not a number of this world$"):
            wire.whole(endless)
    assert (wire.amount(1), wire.amount(5, "USD")) == (1, 5)
    with pytest.raises(ValueError, match=r"^no money$"):
        wire.amount(0)
    with pytest.raises(Complaint, match="-5 is not an amount of money"):
        wire.amount(-5)


def test_instants_are_exact_and_end_within_the_calendar() -> None:
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert wire.instant_of_seconds(0) == start
    assert wire.instant_of_seconds(90) == start + timedelta(seconds=90)
    moment = wire.instant_of_milliseconds(1_700_000_000_123)
    assert moment == start + timedelta(milliseconds=1_700_000_000_123)
    assert moment.utcoffset() == timedelta(hours=7)
    assert wire.milliseconds(moment) == 1_700_000_000_123
    assert wire.instant_of_milliseconds(10**14 - 1).year == 5138
    for never in (-1, 10**14):
        with pytest.raises(ValueError, match=r"^not a time$"):
            wire.instant_of_milliseconds(never)


def test_a_missing_setting_is_named() -> None:
    assert wire.named_setting(account(name=" x "), "name") == "x"
    for value in ("", "  ", 5, None):
        words = said(
            WrongUsage, lambda value=value: wire.named_setting(account(name=value), "name")
        )
        assert words == "Account an needs the setting name."


def test_an_address_is_our_modes_own_and_never_the_other_ones() -> None:
    assert wire.address(account(), "api_url", BUILT_IN) == "https://test.example"
    assert wire.address(account("live"), "api_url", BUILT_IN) == "https://live.example"
    own = account(api_url="http://127.0.0.1:1/x/")
    assert wire.address(own, "api_url", BUILT_IN) == "http://127.0.0.1:1/x"
    for lacking in (account("other"), account(api_url=5), account(api_url="nowhere")):
        words = said(WrongUsage, lambda it=lacking: wire.address(it, "api_url", BUILT_IN))
        assert words == (
            f"Account an needs the setting api_url: the address for mode {lacking.mode}."
        )
    foreign = account(api_url="https://live.example/v2")
    words = said(WrongUsage, lambda: wire.address(foreign, "api_url", BUILT_IN))
    assert words.startswith("Account an is in mode test, but live.example is not.")


@pytest.mark.parametrize("query", ["", "vnp_Amount=1", "vnp_SecureHash=" + "0" * 128])
def test_a_query_nobody_signed_is_refused(query: str) -> None:
    with pytest.raises(InvalidNotice):
        verified(query, ["secret"])


def test_vnpays_times_and_amounts_are_of_vietnam_and_in_hundredths() -> None:
    assert read_time("20261120080000") == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert read_amount("500000") == 5_000
    for wrong in ("500001", "-100", "0", "1e5", ""):
        with pytest.raises((ValueError, Complaint)):
            read_amount(wrong)
    for wrong in ("2026112008000", "20261320080000", "x"):
        with pytest.raises((ValueError, Complaint)):
            read_time(wrong)
