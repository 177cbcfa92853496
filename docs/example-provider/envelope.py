"""Envelope, a made-up payment company: JSON both ways, each signed with HMAC-SHA256 in hexadecimal.

``X-Envelope-Signature`` covers the raw body. Amounts are whole dong, times ISO 8601 with an offset.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    HttpAnswer,
    InvalidNotice,
    MovementFact,
    MovementKind,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)

SIGNATURE = "X-Envelope-Signature"
PLACES = {"test": "sandbox.envelope.example", "live": "api.envelope.example"}


class EnvelopeProvider:
    """Implements `payments.provider.Provider`."""

    name: ClassVar[str] = "envelope"
    label: ClassVar[str] = "Envelope"
    settings: ClassVar[tuple[str, ...]] = ("merchant",)
    secret_fields: ClassVar[tuple[str, ...]] = ("key",)
    methods: ClassVar[Mapping[str, str]] = {"": "Envelope"}
    hosts: ClassVar[Mapping[str, Hosts]] = {
        mode: Hosts(called=(host,), visited=(host,)) for mode, host in PLACES.items()
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"}), smallest=1_000
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._base = f"https://{PLACES[account.mode]}/v1/{account.settings['merchant']}"
        self._keys = tuple(parts["key"].encode() for parts in account.secrets)
        self._http = http
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        """Envelope gives the same page for the same order code, so a repeat is harmless."""
        asked = {
            "order": order.code,
            "amount": order.amount,
            "text": order.description,
            "until": order.expires_at.isoformat(),
            "return_url": order.return_url,
            "notify_url": order.notify_url,
        }
        answer = self._call("PUT", f"/orders/{order.code}", asked)
        return Checkout(url=str(answer["page"]), provider_ref=str(answer["id"]))

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self._verify(headers.get(SIGNATURE.lower(), ""), request.body)
        try:
            return (self._notice(json.loads(request.body), request.body),)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidNotice("The notice cannot be understood.") from error

    def reply(self, outcome: Outcome) -> Reply:
        status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, json.dumps({"stored": status == 200}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        about = (
            f"/refunds/{order.key}" if isinstance(order, RefundOrder) else f"/orders/{order.code}"
        )
        answer = self._send("GET", about)
        if answer.status == 404:  # our own request may still be on its way: nobody knows yet
            return self._unknown(order)
        return self._told(answer)

    def refund(self, order: RefundOrder) -> Notice:
        asked = {"order": order.payment.code, "amount": order.amount}
        return self._told(self._send("PUT", f"/refunds/{order.key}", asked))

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """Envelope offers none; `capabilities.statements` says so."""
        return ()

    def _call(self, method: str, path: str, fields: Mapping[str, object]) -> dict[str, Any]:
        return self._object(self._send(method, path, fields))

    def _send(
        self, method: str, path: str, fields: Mapping[str, object] | None = None
    ) -> HttpAnswer:
        body = json.dumps(fields).encode() if fields is not None else b""
        signature = hmac.new(self._keys[0], body or path.encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        return self._http.request(method, self._base + path, body=body, headers=headers)

    def _object(self, answer: HttpAnswer) -> dict[str, Any]:
        """A verified answer. An answer nobody signed says nothing, whatever it says."""
        if answer.status >= 500:
            raise ProviderUnavailable("Envelope answers %(status)s.", status=answer.status)
        headers = {name.lower(): value for name, value in answer.headers.items()}
        try:
            self._verify(headers.get(SIGNATURE.lower(), ""), answer.body)
            found = json.loads(answer.body)
        except (InvalidNotice, ValueError) as error:
            raise ProviderUnavailable("Envelope's answer cannot be believed.") from error
        if answer.status >= 400:
            raise ProviderRefused("Envelope refused: %(reason)s", reason=found.get("reason", ""))
        return dict(found)

    def _told(self, answer: HttpAnswer) -> Notice:
        found = self._object(answer)
        try:
            return self._notice(found, answer.body)
        except (KeyError, TypeError, ValueError) as error:
            raise ProviderUnavailable("Envelope's answer cannot be understood.") from error

    def _verify(self, given: str, body: bytes) -> None:
        """Both live secrets count during a rotation; every one is compared, so that time tells nothing."""
        ours = [hmac.new(key, body, hashlib.sha256).hexdigest() for key in self._keys]
        equal = [hmac.compare_digest(mine.encode(), given.encode()) for mine in ours]
        if not any(equal):
            raise InvalidNotice("The notice is not signed with a secret of this account.")

    def _notice(self, fields: Mapping[str, Any], raw: bytes) -> Notice:
        return Notice(
            key=hashlib.sha256(raw).hexdigest(),
            order_code=str(fields["order"]),
            status=Status(fields["status"]),
            event_at=datetime.fromisoformat(fields["at"]),
            movements=tuple(self._movement(entry) for entry in fields["money"]),
            provider_ref=str(fields["id"]),
            refund_key=fields.get("refund"),
        )

    def _movement(self, entry: Mapping[str, Any]) -> MovementFact:
        amount = entry["amount"]
        if type(amount) is not int or amount <= 0:
            raise ValueError("not an amount")
        return MovementFact(
            kind=MovementKind(entry["kind"]),
            rail_ref=str(entry["ref"]),
            amount=amount,
            currency="VND",
            event_at=datetime.fromisoformat(entry["at"]),
        )

    def _unknown(self, order: Order | RefundOrder) -> Notice:
        code = order.payment.code if isinstance(order, RefundOrder) else order.code
        key = order.key if isinstance(order, RefundOrder) else None
        return Notice(
            key=hashlib.sha256(f"unknown {code} {key}".encode()).hexdigest(),
            order_code=code,
            status=Status.UNKNOWN,
            event_at=self._clock(),
            refund_key=key,
        )
