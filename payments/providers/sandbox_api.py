"""Signed requests to the sandbox's merchant API.

HMAC-SHA256 over five lines: time stamp, method, path, test time (empty without one) and raw body.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from payments.errors import WrongUsage
from payments.provider import (
    AccountSettings,
    Clock,
    Http,
    HttpAnswer,
    ProviderRefused,
    ProviderUnavailable,
)
from payments.providers.wire import answer_object, hmac_hex, unreadable

COMPANY = "the sandbox"


class SandboxApi:
    """Signed requests to the merchant API of one account."""

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        settings = account.settings
        base_url, merchant = settings.get("base_url"), settings.get("merchant")
        if not (isinstance(base_url, str) and isinstance(merchant, str) and account.secrets):
            raise WrongUsage(
                "Sandbox account %(account)s needs the settings base_url and merchant, and a secret.",
                account=account.slug,
            )
        self.merchant = merchant
        self._base_url = base_url.rstrip("/")
        self._secret = account.secrets[0]["secret"]
        self._test_clock = settings.get("test_clock") is True
        self._http = http
        self._clock = clock

    def call(
        self, method: str, path: str, fields: Mapping[str, object] | None = None
    ) -> HttpAnswer | None:
        """The sandbox's answer, or None where it knows nothing of that name.

        Raises `ProviderRefused` when it said no, `ProviderUnavailable` when it said nothing.
        """
        body = json.dumps(fields).encode() if fields is not None else b""
        answer = self._http.request(
            method,
            self._base_url + quote(path),
            body=body,
            headers=self._headers(method, path, body),
        )
        if answer.status == 404:
            return None
        if 400 <= answer.status < 500 and answer.status != 429:
            raise ProviderRefused(
                "The sandbox refused the request: %(reason)s", reason=_reason(answer.body)
            )
        if answer.status != 200:
            raise ProviderUnavailable("The sandbox answered %(status)s.", status=answer.status)
        return answer

    def _headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        now = self._clock()
        timestamp = str(int(now.timestamp()))
        test_time = now.isoformat() if self._test_clock else ""
        content = "\n".join((timestamp, method, path, test_time)).encode() + b"\n" + body
        headers = {
            "Content-Type": "application/json",
            "Sandbox-Merchant": self.merchant,
            "Sandbox-Timestamp": timestamp,
            "Sandbox-Signature": f"v1={hmac_hex(self._secret, content)}",
        }
        return headers | ({"Sandbox-Time": test_time} if test_time else {})


def read_object(answer: HttpAnswer | None) -> dict[str, Any]:
    if answer is None:
        raise unreadable(COMPANY)
    return answer_object(answer, COMPANY)


def _reason(body: bytes) -> str:
    try:
        return str(read_object(HttpAnswer(200, {}, body)).get("error", ""))[:200]
    except ProviderUnavailable:
        return "no reason given"
