"""Casso (payments reference 2.2): Webhook V2, and the API to ask for what was missed.

Secret parts: `casso_key` signs webhooks, `casso_api_key` opens the API. Casso has no system for
tests: an account in mode test names its `casso_api_url`. The reference is silent on how the list is
filtered and paged and how money that goes out is written: days in `fromDate`, pages of 100 with
`nextPage`, newest first, and a negative amount, as Casso's own pages show them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from payments.provider import AccountSettings, Http, InvalidNotice, NoticeRequest, PayerAccount
from payments.providers.feeds.feed import (
    Entry,
    Told,
    answered,
    booked_at,
    lines_of,
    secret_values,
    signed_amount,
    understood,
    words,
)
from payments.providers.wire import (
    GMT7,
    address,
    any_equal,
    header,
    hmac_hex,
    instant_of_milliseconds,
    json_object,
    notice_object,
    text,
    unreadable,
    whole,
)

API = {"live": "https://oauth.casso.vn/v2"}
SIGNATURE = "X-Casso-Signature"
#: What the button that tests a webhook sends; there is no transfer behind it.
TEST_ID = 0
PAGE_SIZE = 100
MOST_PAGES = 500

_SIGNATURE = re.compile(r"t=(?P<t>[0-9]{1,14}),\s*v1=(?P<v1>[0-9a-f]{128})")


class CassoFeed:
    """Implements `payments.providers.feeds.feed.BankFeed`."""

    name: ClassVar[str] = "casso"
    company: ClassVar[str] = "Casso"
    parts: ClassVar[tuple[str, ...]] = ("casso_key", "casso_api_key")
    lists: ClassVar[bool] = True
    tells_of_others: ClassVar[bool] = False

    def __init__(self, account: AccountSettings, http: Http) -> None:
        self._list = address(account, "casso_api_url", API) + "/transactions"
        self._keys = secret_values(account, "casso_key")
        self._api_keys = secret_values(account, "casso_api_key")
        self._http = http

    def recognises(self, request: NoticeRequest) -> bool:
        return bool(header(request, SIGNATURE))

    def read(self, request: NoticeRequest) -> Told:
        given = _SIGNATURE.fullmatch(header(request, SIGNATURE))
        message = notice_object(request)
        if given is None or not self._is_signed(given["t"], given["v1"], message):
            raise InvalidNotice("The notice is not signed with a secret of this account.")
        signed_at, data = instant_of_milliseconds(int(given["t"])), message.get("data")
        if isinstance(data, dict) and data.get("id") == TEST_ID:
            return Told((), signed_at)
        return Told((understood(lambda: _line(message["data"], _IN_WEBHOOKS)),), signed_at)

    def _is_signed(self, stamp: str, given: str, message: Mapping[str, Any]) -> bool:
        written = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        # half a surrogate pair is no text: it gets bytes that nobody can have signed
        content = f"{stamp}.{written}".encode("utf-8", "surrogatepass")
        return any_equal((hmac_hex(key, content, "sha512") for key in self._keys), [given])

    def listed(self, since: datetime) -> Sequence[Entry]:
        """Page by page backwards until one is all older; a line that moved to the next page while
        we read is one line. A list without an end is none."""
        found: dict[str, Entry] = {}
        page: object = 1
        for _ in range(MOST_PAGES):
            data = self._page(since, page)
            part = lines_of(
                data.get("records"), lambda record: _line(record, _IN_LISTS), self.company
            )
            found |= {entry.own_id: entry for entry in part if entry.at >= since}
            page = data.get("nextPage")
            if not page or not part or max(entry.at for entry in part) < since:
                break
        else:
            raise unreadable(self.company)
        return sorted(found.values(), key=lambda entry: (entry.at, int(entry.own_id)))

    def _page(self, since: datetime, page: object) -> Mapping[str, Any]:
        asked = {
            "fromDate": f"{since.astimezone(GMT7):%Y-%m-%d}",
            "page": page,
            "pageSize": PAGE_SIZE,
            "sort": "DESC",
        }
        answer = self._http.request(
            "GET",
            f"{self._list}?{urlencode(asked)}",
            headers={"Authorization": f"Apikey {self._api_keys[0]}"},
        )
        message = answered(answer, self.company)
        data = message.get("data")
        if message.get("error") != 0 or not isinstance(data, dict):
            raise unreadable(self.company)
        return data

    def payer(self, raw: bytes) -> PayerAccount | None:
        """Casso gives the BIN of the bank; in money that goes out the other side is no payer."""
        try:
            message = json_object(raw)
            data = message["data"]
            if "error" not in message or whole(data["amount"]) <= 0:
                return None
            return PayerAccount(
                bank=words(data.get("counterAccountBankId")),
                account=text(data["counterAccountNumber"]),
                holder=words(data.get("counterAccountName")),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            return None


@dataclass(frozen=True, slots=True)
class _Names:
    """What the same facts are called in one kind of message."""

    account: str
    virtual_account: str
    reference: str
    at: str


_IN_WEBHOOKS = _Names("accountNumber", "virtualAccountNumber", "reference", "transactionDateTime")
_IN_LISTS = _Names("bankSubAccId", "virtualAccount", "tid", "when")


def _line(fields: Mapping[str, Any], names: _Names) -> Entry:
    size, incoming = signed_amount(whole(fields["amount"]))
    return Entry(
        feed=CassoFeed.name,
        own_id=str(whole(fields["id"])),
        account=text(fields[names.account]),
        virtual_account=words(fields.get(names.virtual_account)),
        reference=words(fields.get(names.reference)),
        amount=size,
        incoming=incoming,
        at=booked_at(fields[names.at]),
        narrative=words(fields["description"]),
    )
