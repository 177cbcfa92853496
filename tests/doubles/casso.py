"""Casso: Webhook V2 about a bank account, and the API to ask and to hurry it (section 2.2).

Where the facts are silent this double chooses: retries as those of the sister product (17 attempts,
Fibonacci from 30 seconds), the filters and the record of `/transactions`, money that goes out as a
negative amount, the words of refusals, and that `/sync` has done its work when it answers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any, Unpack

from werkzeug.wrappers import Request

from tests.doubles.bank import Bank, Entry, Party
from tests.doubles.base import HANOI, Answer, Handler, Options, json_response
from tests.doubles.feed import BankFeed, Part
from tests.doubles.outbox import Message, Notice

Json = dict[str, Any]

BANK_ACCOUNT_ID = 1729


#: What the test button sends, save the time.
EXAMPLE: Json = {
    "id": 0,
    "reference": "MA_GIAO_DICH_THU_NGHIEM",
    "description": "giao dich thu nghiem",
    "amount": 599_000,
    "runningBalance": 25_000_000,
    "accountNumber": "88888888",
    "bankName": "VPBank",
    "bankAbbreviation": "VPB",
    "virtualAccountNumber": "",
    "virtualAccountName": "",
    "counterAccountName": "NGUYEN VAN A",
    "counterAccountNumber": "8888888888",
    "counterAccountBankId": "970415",
    "counterAccountBankName": "VietinBank",
}


def to_sign(milliseconds: int, body: Json) -> str:
    """Keys sorted at every depth, compact, non-ASCII as it is."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{milliseconds}.{text}"


def header(key: str, milliseconds: int, body: Json) -> str:
    signed = hmac.new(key.encode(), to_sign(milliseconds, body).encode(), hashlib.sha512)
    return f"t={milliseconds},v1={signed.hexdigest()}"


def fibonacci(first: int, count: int) -> list[int]:
    found = [first, first]
    while len(found) < count:
        found.append(found[-1] + found[-2])
    return found


def number(entry: Entry) -> int:
    return 6_500_000 + entry.serial


def webhook(owner: Party, entry: Entry) -> Json:
    return {
        "error": 0,
        "data": {
            "id": number(entry),
            "reference": entry.reference,
            "description": entry.narrative,
            "amount": entry.signed,
            "runningBalance": entry.balance,
            "transactionDateTime": entry.local_time,
            "accountNumber": owner.account,
            "bankName": owner.bank,
            "bankAbbreviation": owner.bank[:3].upper(),
            "virtualAccountNumber": entry.virtual_account,
            "virtualAccountName": "",
            "counterAccountName": entry.party.name,
            "counterAccountNumber": entry.party.account,
            "counterAccountBankId": entry.party.bin,
            "counterAccountBankName": entry.party.bank,
        },
    }


def record(owner: Party, entry: Entry) -> Json:
    return {
        "id": number(entry),
        "tid": entry.reference,
        "description": entry.narrative,
        "amount": entry.signed,
        "cusumBalance": entry.balance,
        "when": entry.local_time,
        "bankSubAccId": owner.account,
        "virtualAccount": entry.virtual_account,
        "virtualAccountName": "",
        "corresponsiveName": entry.party.name,
        "corresponsiveAccount": entry.party.account,
        "corresponsiveBankId": entry.party.bin,
        "corresponsiveBankName": entry.party.bank,
        "accountId": BANK_ACCOUNT_ID,
    }


class CassoDouble(BankFeed):
    """Casso for one account: `key` signs webhooks, `api_key` opens the API."""

    retry_waits = tuple(timedelta(seconds=s) for s in fibonacci(30, 16))

    def __init__(
        self,
        bank: Bank | None = None,
        *,
        key: str,
        api_key: str,
        notify_url: str = "",
        delay: timedelta = timedelta(0),
        **options: Unpack[Options],
    ) -> None:
        super().__init__(bank, notify_url=notify_url, delay=delay, **options)
        self.key = key
        self.api_key = api_key

    def routes(self) -> dict[str, Handler]:
        return {
            "GET /v2/transactions": self._list,
            "GET /v2/transactions/<int:own_id>": self._details,
            "POST /v2/sync": self._sync,
            **self.page_routes(),
        }

    def notice(self, entry: Entry) -> Notice:
        """Put the webhook of a line (again) on its way."""
        return self._post(entry.reference, webhook(self.bank.owner, entry))

    def press_test_button(self) -> Notice:
        """The example the dashboard sends: id 0 and no transfer behind it."""
        moment = f"{self.now.astimezone(HANOI):%Y-%m-%d %H:%M:%S}"
        example = EXAMPLE | {"transactionDateTime": moment}
        return self._post("test", {"error": 0, "data": example})

    def _post(self, about: str, body: Json) -> Notice:
        return self.outbox.post(about, lambda now: self.message(body, now))

    def message(self, body: Json, at: datetime) -> Message:
        """The webhook, signed at the time of this attempt; its own key order is another one."""
        signed = header(self.key, int(at.timestamp() * 1000), body)
        headers = {"Content-Type": "application/json", "X-Casso-Signature": signed}
        return Message("POST", self.notify_url, headers, json_response(body).get_data())

    # The API

    def _refused(self, request: Request) -> Answer | None:
        if request.headers.get("Authorization") == f"Apikey {self.api_key}":
            return None
        return json_response({"error": 401, "message": "Unauthorized", "data": None}, 401)

    def _list(self, request: Request) -> Answer:
        """`fromDate`, `toDate` (days), `page`, `pageSize` of at most 100, `sort` ASC or DESC."""
        return self._refused(request) or self._page(request)

    def _page(self, request: Request) -> Answer:
        begin, end = request.args.get("fromDate", ""), request.args.get("toDate", "9999")
        found = [e for e in self.entries if begin <= f"{e.at:%Y-%m-%d}" <= end]
        if request.args.get("sort", "DESC") == "DESC":
            found.reverse()
        part = Part.of(found, request.args, "pageSize")
        return good(
            {
                "page": part.page,
                "pageSize": part.size,
                "nextPage": part.page + 1 if part.page < part.pages else None,
                "prevPage": part.page - 1 if part.page > 1 else None,
                "totalPages": part.pages,
                "totalRecords": part.total,
                "records": [record(self.bank.owner, entry) for entry in part.entries],
            }
        )

    def _details(self, request: Request, own_id: int) -> Answer:
        if (refused := self._refused(request)) is not None:
            return refused
        for entry in self.entries:
            if number(entry) == own_id:
                return good(record(self.bank.owner, entry))
        return json_response({"error": 404, "message": "Not Found", "data": None}, 404)

    def _sync(self, request: Request) -> Answer:
        """`{"bank_acc_id": <account number>}`: Casso asks the bank at once."""
        if (refused := self._refused(request)) is not None:
            return refused
        if str(request.get_json().get("bank_acc_id")) != self.bank.owner.account:
            return json_response({"error": 400, "message": "bank_acc_id", "data": None}, 400)
        self.hear_all()
        return good(None)


def good(data: Json | None) -> Json:
    return {"error": 0, "message": "success", "data": data}
