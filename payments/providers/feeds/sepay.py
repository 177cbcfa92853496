"""SePay (payments reference 2.1): signed webhooks, and API v1 to ask for what was missed.

Secret parts: `sepay_token` opens the API; webhooks are signed with `sepay_secret` or carry
`sepay_api_key` in the older mode. API v1 is read because its filters are documented; the address of
the setting `sepay_api_url` replaces the built-in one. Webhooks older than 33 minutes are lost for
good when our door was closed, so the list is what counts in the end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from payments.provider import AccountSettings, Http, InvalidNotice, NoticeRequest
from payments.providers.feeds.feed import (
    Entry,
    Told,
    answered,
    booked_at,
    lines_of,
    secret_values,
    understood,
    words,
)
from payments.providers.wire import (
    GMT7,
    LARGEST_MESSAGE,
    address,
    amount,
    any_equal,
    header,
    hmac_hex,
    instant_of_seconds,
    notice_object,
    text,
    unreadable,
    whole,
)

API = {"live": "https://my.sepay.vn/userapi", "test": "https://my.dev.sepay.vn/userapi"}
SIGNATURE, TIMESTAMP = "X-SePay-Signature", "X-SePay-Timestamp"
#: Lines in one answer; a fuller list is asked for in parts, backwards. `MOST_PARTS` ends it.
LONGEST_LIST = 5000
MOST_PARTS = 20

_INCOMING = {"in": True, "out": False}
_DONG = re.compile(r"([0-9]{1,15})(?:\.0+)?")


class SepayFeed:
    """Implements `payments.providers.feeds.feed.BankFeed`."""

    name: ClassVar[str] = "sepay"
    company: ClassVar[str] = "SePay"
    parts: ClassVar[tuple[str, ...]] = ("sepay_secret", "sepay_api_key", "sepay_token")
    lists: ClassVar[bool] = True
    tells_of_others: ClassVar[bool] = False

    def __init__(self, account: AccountSettings, http: Http) -> None:
        self._list = address(account, "sepay_api_url", API) + "/transactions/list"
        self._secrets = secret_values(account, "sepay_secret")
        self._keys = secret_values(account, "sepay_api_key")
        self._tokens = secret_values(account, "sepay_token")
        self._http = http

    def recognises(self, request: NoticeRequest) -> bool:
        plain_key = header(request, "Authorization").startswith("Apikey ")
        return bool(header(request, SIGNATURE)) or plain_key

    def read(self, request: NoticeRequest) -> Told:
        signed_at = self._verify(request)
        fields = notice_object(request)
        return Told((understood(lambda: _told(fields)),), signed_at)

    def _verify(self, request: NoticeRequest) -> datetime | None:
        """When the message was signed; None in the older mode, whose key says no time."""
        if given := header(request, SIGNATURE):
            stamp = header(request, TIMESTAMP)
            if not re.fullmatch("[0-9]{1,11}", stamp) or len(request.body) > LARGEST_MESSAGE:
                raise InvalidNotice("The notice has no id, no time stamp, or is too large.")
            content = f"{stamp}.".encode() + request.body
            ours = [f"sha256={hmac_hex(secret, content)}" for secret in self._secrets]
        else:
            given, stamp = header(request, "Authorization"), ""
            ours = [f"Apikey {key}" for key in self._keys]
        if not any_equal(ours, [given]):
            raise InvalidNotice("The notice is not signed with a secret of this account.")
        return instant_of_seconds(int(stamp)) if stamp else None

    def listed(self, since: datetime) -> Sequence[Entry]:
        """Newest first in parts, each beginning where the one before it ended; what stands in two
        parts is one line. A list without an end is none."""
        found: dict[str, Entry] = {}
        until = ""
        for _ in range(MOST_PARTS):
            part = self._part(since, until)
            fresh = [entry for entry in part if entry.own_id not in found]
            found |= {entry.own_id: entry for entry in fresh}
            if len(part) < LONGEST_LIST or not fresh:
                break
            until = _local(min(entry.at for entry in part))
        else:
            raise unreadable(self.company)
        moved = (entry for entry in found.values() if entry.amount and entry.at >= since)
        return sorted(moved, key=lambda entry: (entry.at, int(entry.own_id)))

    def _part(self, since: datetime, until: str) -> list[Entry]:
        asked = {"transaction_date_min": _local(since), "limit": str(LONGEST_LIST)}
        if until:
            asked["transaction_date_max"] = until
        answer = self._http.request(
            "GET",
            f"{self._list}?{urlencode(asked)}",
            headers={"Authorization": f"Bearer {self._tokens[0]}"},
        )
        return lines_of(answered(answer, self.company).get("transactions"), _listed, self.company)

    def payer(self, raw: bytes) -> None:
        """SePay says nothing of the payer but what the bank put into the text."""


def _told(fields: Mapping[str, Any]) -> Entry:
    """The line in a webhook. `code` is a hint that SePay drew from the same text."""
    return Entry(
        feed=SepayFeed.name,
        own_id=str(whole(fields["id"])),
        account=text(fields["accountNumber"]),
        virtual_account=words(fields.get("subAccount")),
        reference=words(fields.get("referenceCode")),
        amount=amount(fields["transferAmount"]),
        incoming=_INCOMING[fields["transferType"]],
        at=booked_at(fields["transactionDate"]),
        narrative=words(fields["content"]),
    )


def _listed(record: Mapping[str, Any]) -> Entry:
    """A line of API v1, which writes numbers as text; one without money has the amount 0."""
    came, went = _dong(record["amount_in"]), _dong(record["amount_out"])
    return Entry(
        feed=SepayFeed.name,
        own_id=str(int(text(record["id"]))),
        account=text(record["account_number"]),
        virtual_account=words(record.get("sub_account")),
        reference=words(record.get("reference_number")),
        amount=abs(came - went),
        incoming=came > went,
        at=booked_at(record["transaction_date"]),
        narrative=words(record["transaction_content"]),
    )


def _dong(value: object) -> int:
    """Whole đồng written as ``20000.00``."""
    written = _DONG.fullmatch(text(value))
    if written is None:
        raise ValueError("not whole đồng")
    return int(written[1])


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(GMT7):%Y-%m-%d %H:%M:%S}"
