"""What every rail needs to speak JSON over a signed wire, and nothing any one of them is about.

Bytes are read strictly: one object, no key twice, and every value of the kind it should be, so that
no two readers can see two amounts. Readers of single values raise `ValueError` or `TypeError`; the
rail says what that means: a notice is refused (`InvalidNotice`), an answer to a call of our own is
no answer (`ProviderUnavailable`). Nothing here knows a company.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

from payments.errors import Complaint, WrongUsage
from payments.money import Money
from payments.provider import (
    AccountSettings,
    Http,
    HttpAnswer,
    InvalidNotice,
    NoticeRequest,
    ProviderRefused,
    ProviderUnavailable,
)

#: Vietnam's time, whole year, no summer time: what its companies write without saying so.
GMT7 = timezone(timedelta(hours=7))
#: No company's notice or answer to one request comes near this.
LARGEST_MESSAGE = 256 * 1024
LONGEST_TEXT = 256
LONGEST_ADDRESS = 2048
#: What a company says without meaning yes or no: try again later.
NOT_NOW = frozenset({408, 425, 429})


def sha256_hex(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hmac_hex(secret: str, content: bytes, digest: str = "sha256") -> str:
    """The HMAC of `content` in lower-case hexadecimal; `digest` as `hashlib` names it."""
    return hmac.new(secret.encode(), content, digest).hexdigest()


def any_equal(ours: Iterable[str], given: Iterable[str]) -> bool:
    """Whether one of `given` is one of `ours`. Every pair is compared, each in constant time, so
    that how long it took tells nothing of where they differ."""
    theirs = [one.encode("utf-8", "replace") for one in given]
    equal = [hmac.compare_digest(mine.encode(), one) for mine in ours for one in theirs]
    return any(equal)


def header(request: NoticeRequest, name: str) -> str:
    """The value of a header, whatever case its name came in; empty when it is absent."""
    return next((v for k, v in request.headers.items() if k.lower() == name.lower()), "")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def json_object(content: bytes | str) -> dict[str, Any]:
    """The one JSON object in `content`. Raises `ValueError` for anything else, a key that stands
    twice included."""
    try:
        found = json.loads(content, object_pairs_hook=_no_key_twice)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


def notice_object(request: NoticeRequest) -> dict[str, Any]:
    """The JSON object a notice is. Raises `InvalidNotice` when it is too large, not called JSON, or
    not one object with each key once."""
    if len(request.body) > LARGEST_MESSAGE:
        raise InvalidNotice("The notice is too large.")
    if header(request, "content-type").partition(";")[0].strip().lower() != "application/json":
        raise InvalidNotice("The notice is not JSON.")
    try:
        return json_object(request.body)
    except ValueError:
        raise InvalidNotice("The notice is not one JSON object with each key once.") from None


def post_json(
    http: Http, url: str, fields: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> HttpAnswer:
    """Send `fields` as a JSON object. Raises `ProviderUnavailable` when there is no answer."""
    body = json.dumps(fields, ensure_ascii=False).encode()
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    return http.request("POST", url, body=body, headers={**kind, **(headers or {})})


def answer_object(answer: HttpAnswer, company: str) -> dict[str, Any]:
    """The JSON object in an answer to a call of ours, whatever its status. Raises
    `ProviderUnavailable` for a company that is away or talks of something else: nobody knows then
    what became of the call."""
    if answer.status >= 500 or answer.status in NOT_NOW:
        raise not_now(company, answer.status)
    try:
        return json_object(answer.body)
    except ValueError:
        raise unreadable(company) from None


def not_now(company: str, status: object) -> ProviderUnavailable:
    """The company answered with a status or a code of its own that settles nothing."""
    return ProviderUnavailable("%(company)s answered %(status)s.", company=company, status=status)


def refused(company: str, reason: object) -> ProviderRefused:
    """The company said no, for good, with `reason` as its own code."""
    return ProviderRefused("%(company)s refused: %(reason)s.", company=company, reason=reason)


def unreadable(company: str) -> ProviderUnavailable:
    """An answer that is not signed, not whole or not about what was asked: it says nothing."""
    return ProviderUnavailable("The answer of %(company)s cannot be believed.", company=company)


@contextmanager
def reading_notice() -> Iterator[None]:
    """Values of a notice that was signed and still is not what it should be refuse it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, Complaint):
        raise InvalidNotice("The notice cannot be understood.") from None


@contextmanager
def reading_answer(company: str) -> Iterator[None]:
    """Values of an answer that are not what they should be make it no answer."""
    try:
        yield
    except (KeyError, TypeError, ValueError, Complaint):
        raise unreadable(company) from None


def text(value: object, longest: int = LONGEST_TEXT) -> str:
    """A non-empty text that can stand in a database and on a line: printable, not endless."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    if not (value and len(value) <= longest and value.isprintable()):
        raise ValueError("not a text a person could read")
    return value


def web_address(value: object) -> str:
    """The address of a page a driver can be sent to: http or https, and a host."""
    url = text(value, LONGEST_ADDRESS)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not the address of a page")
    return url


def whole(value: object) -> int:
    """A JSON integer of at most 18 digits; neither true nor 1.0 nor "1"."""
    if type(value) is not int:
        raise TypeError("not a whole number")
    if abs(value) >= 10**18:
        raise ValueError("not a number of this world")
    return value


def amount(value: object, currency: str = "VND") -> int:
    """An amount of money greater than zero, in minor units, that our books can hold."""
    money = Money(whole(value), currency)
    if money.amount == 0:
        raise ValueError("no money")
    return money.amount


def instant_of_seconds(value: object) -> datetime:
    """The instant so many seconds after 1970 (UTC)."""
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=_elapsed(value))


def instant_of_milliseconds(value: object) -> datetime:
    """The instant so many milliseconds after 1970, in Vietnam's time."""
    since = timedelta(milliseconds=_elapsed(value))
    return (datetime.fromtimestamp(0, UTC) + since).astimezone(GMT7)


def _elapsed(value: object) -> int:
    """A count of seconds or milliseconds that ends within the calendar (before the year 5000)."""
    elapsed = whole(value)
    if not 0 <= elapsed < 10**14:
        raise ValueError("not a time")
    return elapsed


def milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970 of an aware instant, exactly."""
    return (instant - datetime.fromtimestamp(0, UTC)) // timedelta(milliseconds=1)


def named_setting(account: AccountSettings, name: str) -> str:
    """The text setting `name` of an account. Raises `WrongUsage` when it is missing or no text."""
    value = account.settings.get(name)
    if not (isinstance(value, str) and value.strip()):
        raise WrongUsage(
            "Account %(account)s needs the setting %(name)s.", account=account.slug, name=name
        )
    return value.strip()


def address(account: AccountSettings, name: str, built_in: Mapping[str, str]) -> str:
    """Where to reach the company: the setting `name`, else what is built in for the account's mode,
    without a slash at its end.

    Raises `WrongUsage` when there is neither, and for the address of the other mode: money for
    tests must never be taken for real, nor real money for a test.
    """
    own = account.settings.get(name, built_in.get(account.mode, ""))
    if not (isinstance(own, str) and urlsplit(own).hostname):
        raise WrongUsage(
            "Account %(account)s needs the setting %(name)s: the address for mode %(mode)s.",
            account=account.slug, name=name, mode=account.mode,
        )  # fmt: skip
    others = {urlsplit(url).hostname for mode, url in built_in.items() if mode != account.mode}
    if urlsplit(own).hostname in others:
        raise WrongUsage(
            "Account %(account)s is in mode %(mode)s, but %(host)s is not.",
            account=account.slug, mode=account.mode, host=urlsplit(own).hostname,
        )  # fmt: skip
    return own.rstrip("/")
