"""payOS: payment links paid by transfer to a virtual account (section 2.3).

Where the facts are silent this double chooses: refusals with HTTP 200 (401 for wrong keys); a link
that is paid or ended cannot be cancelled (20); money for a link that ended is written down and told,
and its status stays; a payer's bank that refuses makes it FAILED; a link without expiredAt is shown
for a day; what the browser brings back; webhooks that fail are tried three times more, a minute
apart; `/confirm-webhook` answers 20 when the test call is not taken.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Unpack
from urllib.parse import urlencode

from werkzeug.wrappers import Request

from tests.doubles import payos_wire as wire
from tests.doubles.bank import PAYER, Bank, Entry, Party
from tests.doubles.base import Answer, Handler, Options, json_response
from tests.doubles.emv import transfer_payload
from tests.doubles.outbox import Message, Notice
from tests.doubles.page import HostedDouble, Shown, number_for
from tests.doubles.payos_wire import OPEN, Json, PaymentLink, Refused

LONGEST_LINKED, LONGEST_UNLINKED = 25, 9


class PayosDouble(HostedDouble):
    """payOS for one merchant, whose account is `bank` (its own unless given).

    Links are known by paymentLinkId or orderCode, as text. `linked`: the account is connected
    through payOS, which allows descriptions of 25 characters instead of 9.
    """

    brand = "payOS"
    signature_field = "signature"
    retry_waits = (timedelta(minutes=1),) * 3

    def __init__(
        self,
        client_id: str,
        api_key: str,
        checksum_key: str,
        *,
        notify_url: str = "",
        bank: Bank | None = None,
        linked: bool = True,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(**options)
        self.client_id = client_id
        self.api_key = api_key
        self.checksum_key = checksum_key
        self.notify_url = notify_url
        self.bank = bank or Bank(lambda: self.now)
        self.longest = LONGEST_LINKED if linked else LONGEST_UNLINKED
        self.links: dict[str, PaymentLink] = {}
        #: Taken when the bank tells of money; no bank is called and no other lock taken under it.
        self._records = threading.RLock()
        self.bank.watch(self._booked)

    def routes(self) -> dict[str, Handler]:
        return {
            "POST /v2/payment-requests": self._door(self._create),
            "GET /v2/payment-requests/<reference>": self._door(self._query),
            "POST /v2/payment-requests/<reference>/cancel": self._door(self._cancel),
            "POST /confirm-webhook": self._door(self._confirm),
            **self.hosted_routes(),
        }

    # What payers and banks do

    def link(self, reference: str) -> PaymentLink:
        """By paymentLinkId or orderCode; raises `KeyError` when there is none."""
        with self._records:
            for link in self.links.values():
                if reference in (link.own_id, str(link.order_code)):
                    ended = link.expires is not None and link.expires <= self.now
                    if link.status in ("PENDING", "UNDERPAID") and ended:
                        link.status = "EXPIRED"
                    return link
        raise KeyError(reference)

    def pay(
        self,
        reference: str,
        *,
        at: datetime | None = None,
        amount: int | None = None,
        payer: Party = PAYER,
        damage: str = "clean",
    ) -> Entry:
        """A transfer of `amount` (else: what is missing, or all again) to the virtual account."""
        link = self.link(reference)
        return self.bank.receive(
            amount or max(link.amount - link.paid, 0) or link.amount,
            link.values["description"],
            payer=payer,
            damage=damage,
            at=at or self.now,
            virtual_account=link.virtual_account,
        )

    def process(self, reference: str) -> None:
        """The transfer is under way."""
        self._become(reference, "PROCESSING")

    def decline(self, reference: str) -> None:
        self._become(reference, "FAILED")

    def cancel(self, reference: str, reason: str = "") -> None:
        """By the payer on the page, or by the merchant; code 20 unless the link is open."""
        with self._records:
            link = self.link(reference)
            if link.status not in OPEN:
                raise Refused("20")
            link.status, link.cancelled, link.reason = "CANCELLED", self.now, reason or None

    def expire(self, reference: str) -> None:
        self._become(reference, "EXPIRED")

    def _become(self, reference: str, status: str) -> None:
        with self._records:
            self.link(reference).status = status

    # Webhooks

    def _booked(self, entry: Entry) -> None:
        """Every credit to a virtual account of ours belongs to its link."""
        with self._records:
            for link in self.links.values():
                if entry.signed > 0 and entry.virtual_account == link.virtual_account:
                    self._credit(self.link(link.own_id), entry)

    def _credit(self, link: PaymentLink, entry: Entry) -> None:
        link.entries.append(entry)
        if link.status in OPEN:
            link.status = "PAID" if link.paid >= link.amount else "UNDERPAID"
        if self.notify_url:
            self.notice(link, entry)

    def notice(self, link: PaymentLink, entry: Entry) -> Notice:
        """Put the webhook of a transfer (again) on its way."""
        message = self.message(wire.told(self.bank.owner, link, entry))
        return self.outbox.post(link.own_id, lambda now: message)

    def message(self, data: Json) -> Message:
        """A signed webhook around `data`; whoever changes it afterwards breaks the signature."""
        body = {"code": "00", "desc": "success", "success": True, "data": data}
        body["signature"] = wire.signature(self.checksum_key, data)
        headers = {"Content-Type": "application/json"}
        return Message("POST", self.notify_url, headers, json_response(body).get_data())

    # The API

    def _door(self, work: Callable[..., Json]) -> Handler:
        def answer(request: Request, **parts: str) -> Answer:
            try:
                self._authenticate(request)
                data = work(request, **parts)
            except Refused as refused:
                words = wire.REFUSALS[refused.code]
                return json_response({"code": refused.code, "desc": words}, refused.status)
            signed = wire.signature(self.checksum_key, data)
            return {"code": "00", "desc": "success", "data": data, "signature": signed}

        return answer

    def _authenticate(self, request: Request) -> None:
        given = tuple(request.headers.get(name) for name in ("x-client-id", "x-api-key"))
        if given != (self.client_id, self.api_key):
            raise Refused("401")

    def _create(self, request: Request) -> Json:
        values = body_of(request)
        wire.checked(values, self.longest)
        if values.get("signature") != wire.signature(self.checksum_key, values, wire.CREATE):
            raise Refused("201")
        order_code = values["orderCode"]
        own_id = str(number_for(f"payos {order_code}", 32))
        account = f"VQRQ{number_for(f'payos account {order_code}', 9)}"
        link = PaymentLink(own_id, values, account, self.now)
        with self._records:
            if self.links.setdefault(own_id, link) is not link:
                raise Refused("231")
        owner = self.bank.owner
        payload = transfer_payload(owner.bin, account, link.amount, values["description"])
        return wire.created(owner, link, self.page_address(own_id), payload)

    def _found(self, reference: str) -> PaymentLink:
        try:
            return self.link(reference)
        except KeyError as error:
            raise Refused("101") from error

    def _query(self, request: Request, reference: str) -> Json:
        return wire.record(self.bank.owner, self._found(reference))

    def _cancel(self, request: Request, reference: str) -> Json:
        link = self._found(reference)
        self.cancel(reference, body_of(request).get("cancellationReason") or "")
        return wire.record(self.bank.owner, link)

    def _confirm(self, request: Request) -> Json:
        """Calls the address once, while the merchant waits; it is the webhook address from now."""
        before, self.notify_url = self.notify_url, str(body_of(request).get("webhookUrl", ""))
        if not 200 <= self.outbox.send(self.message(wire.EXAMPLE)).status < 300:
            self.notify_url = before
            raise Refused("20")
        owner = self.bank.owner
        return {
            "webhookUrl": self.notify_url,
            "accountNumber": owner.account,
            "accountName": owner.name,
            "name": owner.name,
            "shortName": owner.bank,
        }

    # The hosted page

    def shown(self, reference: str) -> Shown:
        link = self.link(reference)
        return Shown(
            payee=self.bank.owner.name,
            amount=link.amount,
            description=link.values["description"],
            reference=str(link.order_code),
            until=link.expires or link.created + timedelta(days=1),
            open=link.status in OPEN,
        )

    def back(self, reference: str) -> str | None:
        """returnUrl or cancelUrl with what payOS tells the browser, which proves nothing."""
        link = self.link(reference)
        cancelled = link.status == "CANCELLED"
        said = {
            "code": "00",
            "id": link.own_id,
            "cancel": "true" if cancelled else "false",
            "status": link.status,
            "orderCode": link.order_code,
        }
        address = str(link.values["cancelUrl" if cancelled else "returnUrl"])
        return f"{address}{'&' if '?' in address else '?'}{urlencode(said)}"


def body_of(request: Request) -> Json:
    """The JSON object of a request; code 20 when it is none."""
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise Refused("20") from error
    if not isinstance(body, dict):
        raise Refused("20")
    return body
