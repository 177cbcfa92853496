"""SePay: webhooks about a bank account, and the APIs to ask for what was missed (section 2.1).

Where the facts are silent this double chooses: API v1's envelope and its amounts as text, `/v2/…` as
path of API v2 with `data` and `meta.pagination`, the words of refusals, the number of seconds in
Retry-After (1), and that the rate limit counts both APIs, by the real clock.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Unpack

from werkzeug.wrappers import Request, Response

from tests.doubles import sepay_wire as wire
from tests.doubles.bank import Bank, Entry
from tests.doubles.base import Answer, Handler, Options, json_response
from tests.doubles.feed import BankFeed, Part
from tests.doubles.outbox import Attempt, Message, Notice
from tests.doubles.sepay_wire import Json

TOO_OLD = timedelta(hours=5)

#: Filter of API v1 → what it asks of a line and of the words given.
FILTERS: dict[str, Callable[[Entry, str], bool]] = {
    "transaction_date_min": lambda e, text: e.local_time >= text,
    "transaction_date_max": lambda e, text: e.local_time <= whole_day(text),
    "since_id": lambda e, text: wire.number(e) >= int(text),
    "reference_number": lambda e, text: e.reference == text,
    "amount_in": lambda e, text: wire.amounts(e)[0] == int(text),
    "amount_out": lambda e, text: wire.amounts(e)[1] == int(text),
    "transfer_type": lambda e, text: (e.signed > 0) == (text == "in"),
}


def whole_day(text: str) -> str:
    """A date without a time means until its end."""
    return text if " " in text else f"{text} 23:59:59"


class SepayDouble(BankFeed):
    """SePay for one account. Give `secret` for signed webhooks, `webhook_key` for `Apikey` ones.

    `token` opens the APIs; `prefix` is how payment codes begin; `per_second` the rate limit.
    """

    retry_waits = tuple(timedelta(minutes=m) for m in (1, 1, 2, 3, 5, 8, 13))

    def __init__(
        self,
        bank: Bank | None = None,
        *,
        token: str,
        secret: str | None = None,
        webhook_key: str | None = None,
        notify_url: str = "",
        prefix: str = "PK",
        per_second: int = 3,
        delay: timedelta = timedelta(0),
        **options: Unpack[Options],
    ) -> None:
        super().__init__(bank, notify_url=notify_url, delay=delay, **options)
        self.token = token
        self.secret = secret
        self.webhook_key = webhook_key
        self.prefix = prefix
        self.per_second = per_second
        #: Seconds for the rate limit; a client that waits does so in real time.
        self.ticks: Callable[[], float] = time.monotonic
        self._asked: deque[float] = deque()

    def routes(self) -> dict[str, Handler]:
        api: dict[str, Handler] = {
            "GET /userapi/transactions/list": self._list,
            "GET /userapi/transactions/count": self._count,
            "GET /userapi/transactions/details/<int:own_id>": self._details,
            "GET /v2/transactions": self._list_v2,
            "GET /v2/transactions/<own_id>": self._details_v2,
        }
        guarded = {name: self._guarded(handler) for name, handler in api.items()}
        return guarded | self.page_routes()

    # Webhooks

    def acknowledged(self, attempt: Attempt) -> bool:
        """200 or 201 and the body `{"success": true}`; anything else is tried again."""
        try:
            return attempt.status in (200, 201) and json.loads(attempt.body)["success"] is True
        except (ValueError, KeyError, TypeError):
            return False

    def tells(self, entry: Entry) -> bool:
        """What SePay hears of too late it keeps to itself: only the API shows it."""
        return self.now - entry.at <= TOO_OLD

    def notice(self, entry: Entry) -> Notice:
        """Put the webhook of a line (again) on its way."""
        return self.outbox.post(entry.reference, lambda now: self.message(entry, now))

    def message(self, entry: Entry, at: datetime) -> Message:
        """The webhook, signed at the time of this attempt."""
        body = wire.written(wire.webhook(self.bank.owner, entry, self.prefix))
        headers = {"Content-Type": "application/json"}
        if self.webhook_key is not None:
            headers["Authorization"] = f"Apikey {self.webhook_key}"
        if self.secret is not None:
            moment = int(at.timestamp())
            headers["X-SePay-Timestamp"] = str(moment)
            headers["X-SePay-Signature"] = wire.signature(self.secret, moment, body)
        return Message("POST", self.notify_url, headers, body)

    # The APIs

    def _guarded(self, handler: Handler) -> Handler:
        def answer(request: Request, **parts: int | str) -> Answer:
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return refusal(401, "Unauthorized")
            if self._too_many():
                slow_down = refusal(429, "Too Many Requests")
                slow_down.headers["Retry-After"] = "1"
                return slow_down
            return handler(request, **parts)

        return answer

    def _too_many(self) -> bool:
        now = self.ticks()
        while self._asked and now - self._asked[0] >= 1:
            self._asked.popleft()
        if len(self._asked) >= self.per_second:
            return True
        self._asked.append(now)
        return False

    def _found(self, request: Request) -> list[Entry]:
        """Newest first."""
        wanted = {name: request.args[name] for name in FILTERS if request.args.get(name)}
        if request.args.get("account_number", self.bank.owner.account) != self.bank.owner.account:
            return []
        return [
            entry
            for entry in self.newest_first()
            if all(FILTERS[name](entry, text) for name, text in wanted.items())
        ]

    def _list(self, request: Request) -> Answer:
        found = self._found(request)[: int(request.args.get("limit", 5000))]
        lines = [wire.listed_v1(self.bank.owner, entry, self.prefix) for entry in found]
        return good({"transactions": lines})

    def _count(self, request: Request) -> Answer:
        return good({"count_transactions": len(self._found(request))})

    def _details(self, request: Request, own_id: int) -> Answer:
        for entry in self.entries:
            if wire.number(entry) == own_id:
                line = wire.listed_v1(self.bank.owner, entry, self.prefix)
                return good({"transaction": line})
        return refusal(404, "Not Found")

    def _list_v2(self, request: Request) -> Answer:
        part = Part.of(self._found(request), request.args, "per_page")
        return {
            "status": "success",
            "data": [wire.listed_v2(self.bank.owner, e, self.prefix) for e in part.entries],
            "meta": {
                "pagination": {
                    "total": part.total,
                    "per_page": part.size,
                    "current_page": part.page,
                    "last_page": part.pages,
                    "has_more": part.page < part.pages,
                }
            },
        }

    def _details_v2(self, request: Request, own_id: str) -> Answer:
        for entry in self.entries:
            if wire.unique(self.bank.owner, entry) == own_id:
                line = wire.listed_v2(self.bank.owner, entry, self.prefix)
                return {"status": "success", "data": line}
        return refusal(404, "Not Found")


def good(content: Json) -> Json:
    return {"status": 200, "error": None, "messages": {"success": True}} | content


def refusal(status: int, error: str) -> Response:
    return json_response({"status": status, "error": error, "messages": {"success": False}}, status)
