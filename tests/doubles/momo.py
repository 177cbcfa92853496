"""A double of MoMo AIO v2: create, query, refund, refund query, IPN. Not: confirm and POS.

Where the facts are silent this double chooses, and says so: a bad signature or unknown partner is
resultCode 13; errors come with HTTP `error_status` (400) and unsigned, query and refund answers
unsigned too; a repeated requestId whose outcome is final gets the first answer again; failures and
an `expire` are told by IPN as successes are, an order left alone is not; an unheard IPN is not
repeated unless `retry_waits` says so (the policy is not published).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Unpack
from urllib.parse import urlencode

from werkzeug.wrappers import Request, Response

from tests.doubles import momo_orders as wire
from tests.doubles.base import Answer, Handler, Options, json_response, milliseconds
from tests.doubles.emv import transfer_payload
from tests.doubles.momo_orders import MESSAGES, PENDING, MomoOrder, MomoRefund, Refused
from tests.doubles.outbox import Attempt, Message, Notice
from tests.doubles.page import HostedDouble, Shown, number_for, with_query

Act = Callable[[dict[str, Any]], dict[str, Any]]


class MomoDouble(HostedDouble):
    """MoMo for one merchant. Orders are known by orderId.

    `notify_url` takes the place of each order's own ipnUrl, where that is no address of this
    machine. `refund_codes` are the resultCodes of the refunds to come (0 when it is empty); 7002
    leaves a refund open until `finish_refund`. `in_flight` holds requestIds answered with 422.
    """

    brand = "MoMo"
    signature_field = "signature"

    PATH = "/v2/gateway/api"

    def __init__(
        self,
        partner_code: str,
        access_key: str,
        secret_key: str,
        *,
        notify_url: str | None = None,
        valid_for: timedelta = timedelta(minutes=15),
        error_status: int = 400,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(**options)
        self.partner_code = partner_code
        self.access_key = access_key
        self.secret_key = secret_key
        self.notify_url = notify_url
        self.valid_for = valid_for
        self.error_status = error_status
        self.orders: dict[str, MomoOrder] = {}
        self.refunds: dict[str, MomoRefund] = {}
        self.refund_codes: list[int] = []
        self.in_flight: set[str] = set()
        self._answers: dict[str, tuple[str, dict[str, Any]]] = {}

    def routes(self) -> dict[str, Handler]:
        acts: dict[str, tuple[tuple[str, ...], Act]] = {
            f"POST {self.PATH}/create": (wire.CREATE, self._create),
            f"POST {self.PATH}/query": (wire.QUERY, self._query),
            f"POST {self.PATH}/refund": (wire.REFUND, self._refund),
            f"POST {self.PATH}/refund/query": (wire.QUERY, self._query_refund),
        }
        return {**{name: self._door(*act) for name, act in acts.items()}, **self.hosted_routes()}

    def acknowledged(self, attempt: Attempt) -> bool:
        return attempt.status == 204 and attempt.body == b""

    # What the payer does

    def pay(self, reference: str, *, at: datetime | None = None) -> Notice:
        """Money arrives, also after the order expired. The IPN waits in the outbox."""
        return self._end(reference, 0, at)

    def authorise(self, reference: str) -> Notice:
        """Result 9000, which with autoCapture is a success."""
        return self._end(reference, 9000)

    def decline(self, reference: str, *, code: int = 1001) -> Notice:
        """The issuer refuses, with any failing resultCode (1001: no funds)."""
        return self._end(reference, code)

    def cancel(self, reference: str) -> Notice:
        """The payer refuses: 1006."""
        return self._end(reference, 1006)

    def expire(self, reference: str) -> Notice:
        return self._end(reference, 1005)

    def process(self, reference: str, *, code: int = 7002) -> None:
        """The payer confirmed; the outcome is open at the provider. Nobody is told."""
        with self.lock:
            self.orders[reference].code = code

    def finish_refund(self, order_id: str, code: int = 0) -> None:
        """A refund left open by 7000 or 7002 ends with this resultCode. Nobody is told."""
        with self.lock:
            self.refunds[order_id].code = code

    def _end(self, reference: str, code: int, at: datetime | None = None) -> Notice:
        with self.lock:
            order = self.orders[reference]
            order.code = code
            order.trans_id = number_for(f"momo {reference}", 10)
            order.pay_type = "qr"
            order.updated = milliseconds(at or self.now)
            body = json_response(self._told(order)).get_data()
            url = self.notify_url or str(order.body["ipnUrl"])
        headers = {"Content-Type": "application/json; charset=UTF-8"}
        message = Message("POST", url, headers, body)
        return self.outbox.post(reference, lambda now: message)

    def _told(self, order: MomoOrder) -> dict[str, Any]:
        """The content of IPN and redirect, signed."""
        code = order.state_at(self.now)
        values = {
            "partnerCode": self.partner_code,
            "orderId": order.body["orderId"],
            "requestId": order.body["requestId"],
            "amount": order.amount,
            "orderInfo": order.body["orderInfo"],
            "orderType": "momo_wallet",
            "transId": order.trans_id,
            "resultCode": code,
            "message": MESSAGES[code],
            "payType": order.pay_type,
            "responseTime": order.updated,
            "extraData": order.body.get("extraData", ""),
        }
        return self._signed(wire.IPN, values)

    def _signed(self, names: tuple[str, ...], values: dict[str, Any]) -> dict[str, Any]:
        keyed = {**values, "accessKey": self.access_key}
        return {**values, "signature": wire.sign(self.secret_key, names, keyed)}

    # The payer's browser

    def shown(self, reference: str) -> Shown:
        order = self.orders[reference]
        return Shown(
            payee=self.partner_code,
            amount=order.amount,
            description=str(order.body["orderInfo"]),
            reference=reference,
            until=order.expires,
            open=order.code in PENDING,
        )

    def back(self, reference: str) -> str | None:
        order = self.orders[reference]
        return with_query(str(order.body["redirectUrl"]), urlencode(self._told(order)))

    # The merchant's server

    def _door(self, names: tuple[str, ...], act: Act) -> Handler:
        def answer(request: Request) -> Answer:
            body: dict[str, Any] = {}
            try:
                body = self._read(request, names)
                return self._once(request.path, body, act)
            except Refused as refused:
                return self._refusal(body, *refused.args)

        return answer

    def _refusal(self, body: Mapping[str, Any], code: int) -> Response:
        return json_response(self._head(body, code), 422 if code == 7000 else self.error_status)

    def _head(self, body: Mapping[str, Any], code: int) -> dict[str, Any]:
        return {
            "partnerCode": body.get("partnerCode", ""),
            "orderId": body.get("orderId", ""),
            "requestId": body.get("requestId", ""),
            "responseTime": milliseconds(self.now),
            "message": MESSAGES[code],
            "resultCode": code,
        }

    def _read(self, request: Request, names: tuple[str, ...]) -> dict[str, Any]:
        """The request, if it is whole, ours and genuine."""
        try:
            body = json.loads(request.get_data())
        except ValueError as error:
            raise Refused(20) from error
        needed = [n for n in names if n not in ("accessKey", *wire.OPTIONAL)]
        if not isinstance(body, dict) or any(body.get(name) in (None, "") for name in needed):
            raise Refused(20)
        keyed = {**body, "accessKey": self.access_key}
        right = wire.sign(self.secret_key, names, keyed)
        if body["partnerCode"] != self.partner_code or body.get("signature") != right:
            raise Refused(13)
        return body

    def _once(self, path: str, body: dict[str, Any], act: Act) -> dict[str, Any]:
        """A requestId acts once: open outcome 40, final outcome the first answer again."""
        key = str(body["requestId"])
        if key in self.in_flight:
            raise Refused(7000)
        if path.endswith("/query"):
            return act(body)
        if key in self._answers:
            order_id, answer = self._answers[key]
            if order_id != body["orderId"] or self._open(order_id):
                raise Refused(40)
            return answer
        answer = act(body)
        self._answers[key] = (str(body["orderId"]), answer)
        return answer

    def _open(self, order_id: str) -> bool:
        if order_id in self.refunds:
            return self.refunds[order_id].code in PENDING
        return self.orders[order_id].state_at(self.now) in PENDING

    def _new_order_id(self, body: Mapping[str, Any]) -> str:
        order_id = str(body["orderId"])
        if not wire.ORDER_ID.fullmatch(order_id):
            raise Refused(42)
        if order_id in self.orders or order_id in self.refunds:
            raise Refused(41)
        return order_id

    def _create(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["requestType"] not in wire.REQUEST_TYPES or len(body.get("extraData", "")) > 1000:
            raise Refused(20)
        amount, order_id = wire.amount_of(body), self._new_order_id(body)
        self.orders[order_id] = MomoOrder(body, amount, self.now + self.valid_for)
        page = self.page_address(order_id)
        wallet = [("00", "vn.momo"), ("01", order_id[:25])]
        values = {
            **self._head(body, 0),
            "amount": amount,
            "payUrl": page,
            "deeplink": f"momo://app?action=payWithApp&sid={order_id}",
            "qrCodeUrl": transfer_payload("971025", "99MM0001", amount, order_id, wallet),
        }
        return self._signed(wire.CREATE_ANSWER, values)

    def _query(self, body: dict[str, Any]) -> dict[str, Any]:
        order = self.orders.get(str(body["orderId"]))
        if order is None:
            raise Refused(42)
        return {
            **self._head(body, order.state_at(self.now)),
            "extraData": order.body.get("extraData", ""),
            "amount": order.amount,
            "transId": order.trans_id,
            "payType": order.pay_type,
            "refundTrans": [refund.view() for refund in order.refunds],
            "lastUpdated": order.updated,
        }

    def _refund(self, body: dict[str, Any]) -> dict[str, Any]:
        amount, order_id = wire.amount_of(body), self._new_order_id(body)
        trans_id = str(body["transId"])
        paid = (o for o in self.orders.values() if o.trans_id and str(o.trans_id) == trans_id)
        order = next(paid, None)
        if order is None:
            raise Refused(42)
        self._check_refundable(order, amount)
        code = self.refund_codes.pop(0) if self.refund_codes else 0
        number = number_for(f"momo refund {order_id}", 10)
        refund = MomoRefund(order_id, amount, number, milliseconds(self.now), code)
        order.refunds.append(refund)
        self.refunds[order_id] = refund
        return self._refund_answer(body, refund)

    def _check_refundable(self, order: MomoOrder, amount: int) -> None:
        if order.code not in (0, 9000):
            raise Refused(1088)
        if order.refunded == order.amount:
            raise Refused(1081)
        if order.refunded + amount > order.amount:
            raise Refused(22)

    def _query_refund(self, body: dict[str, Any]) -> dict[str, Any]:
        refund = self.refunds.get(str(body["orderId"]))
        if refund is None:
            raise Refused(42)
        return self._refund_answer(body, refund)

    def _refund_answer(self, body: Mapping[str, Any], refund: MomoRefund) -> dict[str, Any]:
        values = {"amount": refund.amount, "transId": refund.trans_id}
        return {**self._head(body, refund.code), **values}
