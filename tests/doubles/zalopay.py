"""A double of ZaloPay OpenAPI v2: create, query, refund, query_refund, callback.

Where the facts are silent this double chooses, and says so: an unanswered or unreadable callback is
repeated like return_code 0, one minute apart; an order nobody began to pay has is_processing false;
the browser's parameter for the mac is called checksum, its status 1 or the negative sub code; the
payer's own refusal is -217 like the bank's; amounts have no limits of their own.
`refund_fee_amount` is ignored: its place in the mac is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Unpack
from urllib.parse import urlencode

from werkzeug.wrappers import Request

from tests.doubles import zalopay_orders as wire
from tests.doubles.base import Answer, Handler, Options, json_response, milliseconds
from tests.doubles.emv import transfer_payload
from tests.doubles.outbox import Attempt, Message, Notice
from tests.doubles.page import HostedDouble, Shown, number_for, with_query
from tests.doubles.zalopay_orders import MESSAGES, Refused, ZalopayOrder, ZalopayRefund

Act = Callable[[dict[str, str]], dict[str, Any]]

QUERY_WORKS_FOR = timedelta(hours=48)


class ZalopayDouble(HostedDouble):
    """ZaloPay for one app. Orders are known by app_trans_id, refunds by m_refund_id.

    `notify_url` takes the place of each order's own callback_url, where that is no address of this
    machine. `refund_refusals` are the sub_return_codes with which the refunds to come are refused.
    A refund accepted is done after `refund_takes`, unless `finish_refund` ended it before.
    """

    brand = "ZaloPay"
    retry_waits = (timedelta(minutes=1),) * 3

    def __init__(
        self,
        app_id: int,
        key1: str,
        key2: str,
        *,
        notify_url: str | None = None,
        refund_takes: timedelta = timedelta(minutes=1),
        **options: Unpack[Options],
    ) -> None:
        super().__init__(**options)
        self.app_id = app_id
        self.key1 = key1
        self.key2 = key2
        self.notify_url = notify_url
        self.refund_takes = refund_takes
        self.orders: dict[str, ZalopayOrder] = {}
        self.refunds: dict[str, ZalopayRefund] = {}
        self.refund_refusals: list[int] = []

    def routes(self) -> dict[str, Handler]:
        acts: dict[str, tuple[tuple[str, ...], Act]] = {
            "POST /v2/create": (wire.CREATE, self._create),
            "POST /v2/query": (wire.QUERY, self._query),
            "POST /v2/refund": (wire.REFUND, self._refund),
            "POST /v2/query_refund": (wire.QUERY_REFUND, self._query_refund),
        }
        return {**{name: self._door(*act) for name, act in acts.items()}, **self.hosted_routes()}

    def acknowledged(self, attempt: Attempt) -> bool:
        return attempt.status == 200 and attempt.said("return_code") in (1, 2)

    # What the payer does

    def pay(self, reference: str, *, at: datetime | None = None, discount: int = 0) -> Notice:
        """Money arrives, also after the order expired. The callback waits in the outbox."""
        with self.lock:
            order = self.orders[reference]
            order.sub_code, order.discount, order.paid_at = 1, discount, at or self.now
            number = number_for(f"zalopay {reference}", 9)
            order.zp_trans_id = int(wire.day(order.paid_at) + str(number))
            message = self._callback(order, order.paid_at)
        return self.outbox.post(reference, lambda now: message)

    def decline(self, reference: str, *, code: int = -63) -> None:
        """A failure (a negative sub_return_code; -63: balance). ZaloPay tells nobody: query."""
        with self.lock:
            self.orders[reference].sub_code = code

    def cancel(self, reference: str) -> None:
        self.decline(reference, code=-217)

    def expire(self, reference: str) -> None:
        self.decline(reference, code=-54)

    def process(self, reference: str) -> None:
        """The payer confirmed; the outcome is open at the bank."""
        with self.lock:
            self.orders[reference].processing = True

    def finish_refund(self, m_refund_id: str, code: int = 1) -> None:
        """A refund in process ends: 1, or a negative sub_return_code."""
        with self.lock:
            refund = self.refunds[m_refund_id]
            if refund.sub_code == 0:
                refund.sub_code = code

    def _callback(self, order: ZalopayOrder, moment: datetime) -> Message:
        values = order.values
        data = {
            "app_id": self.app_id,
            "app_trans_id": values["app_trans_id"],
            "app_time": int(values["app_time"]),
            "app_user": values["app_user"],
            "amount": order.amount,
            "embed_data": values["embed_data"],
            "item": values["item"],
            "zp_trans_id": order.zp_trans_id,
            "server_time": milliseconds(moment),
            "channel": 38,
            "merchant_user_id": "",
            "user_fee_amount": 0,
            "discount_amount": order.discount,
        }
        text = json_response(data).get_data(as_text=True)
        body = {"data": text, "mac": wire.mac(self.key2, text), "type": 1}
        url = self.notify_url or values.get("callback_url", "")
        return Message(
            "POST", url, {"Content-Type": "application/json"}, json_response(body).get_data()
        )

    # The payer's browser

    def shown(self, reference: str) -> Shown:
        order = self.orders[reference]
        return Shown(
            payee=f"app {self.app_id}",
            amount=order.amount,
            description=order.values["description"],
            reference=reference,
            until=order.expires,
            open=order.sub_code == 0,
        )

    def back(self, reference: str) -> str | None:
        order = self.orders[reference]
        address = order.embedded.get("redirecturl")
        if not address:
            return None
        values = {
            "appid": str(self.app_id),
            "apptransid": reference,
            "pmcid": "38",
            "bankcode": order.values.get("bank_code", ""),
            "amount": str(order.amount),
            "discountamount": str(order.discount),
            "status": str(order.state_at(self.now)),
        }
        checksum = wire.mac(self.key2, wire.barred(values, values))
        return with_query(str(address), urlencode({**values, "checksum": checksum}))

    # The merchant's server

    def _door(self, names: tuple[str, ...], act: Act) -> Handler:
        def answer(request: Request) -> Answer:
            try:
                return act(self._read(request, names))
            except Refused as refused:
                return coded(2, *refused.args)

        return answer

    def _read(self, request: Request, names: tuple[str, ...]) -> dict[str, str]:
        """The request, a form or JSON, if it is whole, ours and genuine."""
        if request.mimetype == "application/json":
            content = wire.parsed(request.get_data(as_text=True), "JSON")
            if not isinstance(content, dict):
                raise Refused(-401, "JSON")
            values = {name: str(value) for name, value in content.items()}
        else:
            values = request.form.to_dict()
        for name in (*names, "mac"):
            if values.get(name, "") == "" and name != "description":
                raise Refused(-401, name)
        text = wire.barred(names, values)
        if names == wire.QUERY:
            text += f"|{self.key1}"
        if values["app_id"] != str(self.app_id) or values["mac"] != wire.mac(self.key1, text):
            raise Refused(-402, "mac")
        return values

    def _create(self, values: dict[str, str]) -> dict[str, Any]:
        wire.check_order(values, self.now)
        reference = values["app_trans_id"]
        if reference in self.orders:
            raise Refused(-68, reference)
        span = int(values.get("expire_duration_seconds", "900"))
        expires = self.now + timedelta(seconds=span)
        order = ZalopayOrder(values, int(values["amount"]), expires)
        self.orders[reference] = order
        token = f"{number_for(f'token {reference}', 20):x}"
        return {
            **coded(1, 1),
            "order_url": self.page_address(reference),
            "zp_trans_token": token,
            "order_token": token[::-1],
            "qr_code": self._qr_code(order),
        }

    def _qr_code(self, order: ZalopayOrder) -> str:
        """A VietQR payload, when the order prefers it and names no bank."""
        preferred = order.embedded.get("preferred_payment_method", [])
        reference = order.values["app_trans_id"]
        if "vietqr" not in preferred or order.values.get("bank_code", ""):
            return self.page_address(reference)
        wallet = [("00", "vn.zalopay"), ("01", reference[:25])]
        account = f"99ZP{number_for(reference, 14)}"
        return transfer_payload("970454", account, order.amount, reference, wallet)

    def _query(self, values: dict[str, str]) -> dict[str, Any]:
        order = self.orders.get(values["app_trans_id"])
        if order is None or self._forgotten(order):
            raise Refused(-101, values["app_trans_id"])
        state = order.state_at(self.now)
        return {
            **coded(outcome(state), state),
            "is_processing": order.processing and state == 0,
            "amount": order.amount,
            "discount_amount": order.discount,
            "zp_trans_id": order.zp_trans_id,
            "server_time": milliseconds(order.paid_at or self.now),
        }

    def _forgotten(self, order: ZalopayOrder) -> bool:
        begun = int(order.values["app_time"])
        return milliseconds(self.now - QUERY_WORKS_FOR) > begun

    def _refund(self, values: dict[str, str]) -> dict[str, Any]:
        key = values.get("m_refund_id", "")
        if not key.startswith(f"{wire.day(self.now)}_{self.app_id}_") or len(key) > 45:
            raise Refused(-401, "m_refund_id")
        if key in self.refunds:
            raise Refused(-23, key)
        number, paid = number_for(f"refund {key}", 15), values["zp_trans_id"]
        refund = ZalopayRefund(key, number, paid, self._refundable(values))
        if self.refund_refusals:
            raise Refused(self.refund_refusals.pop(0), key)
        self.refunds[key] = refund
        self.at(self.now + self.refund_takes, lambda: self.finish_refund(key))
        return {**coded(3, 0), "refund_id": refund.refund_id}

    def _refundable(self, values: Mapping[str, str]) -> int:
        """The amount asked back, which with all earlier ones is no more than was paid."""
        paid, text = values["zp_trans_id"], values["amount"]
        order = next((o for o in self.orders.values() if str(o.zp_trans_id) == paid), None)
        if order is None or order.sub_code != 1:
            raise Refused(-101, paid)
        earlier = sum(r.amount for r in self.refunds.values() if r.counts_against(paid))
        if not text.isdecimal() or not 0 < int(text) <= order.amount - earlier:
            raise Refused(-14, text)
        return int(text)

    def _query_refund(self, values: dict[str, str]) -> dict[str, Any]:
        refund = self.refunds.get(values["m_refund_id"])
        if refund is None:
            raise Refused(-101, values["m_refund_id"])
        return coded(outcome(refund.sub_code), refund.sub_code)


def outcome(sub_code: int) -> int:
    """return_code of a thing that is done (1), failed (2) or still open (3)."""
    return 3 if sub_code == 0 else 1 if sub_code == 1 else 2


def coded(return_code: int, sub_code: int, detail: str = "") -> dict[str, Any]:
    message = MESSAGES.get(sub_code, "Đang xử lý")
    return {
        "return_code": return_code,
        "return_message": message,
        "sub_return_code": sub_code,
        "sub_return_message": f"{message}: {detail}" if detail else message,
    }
