"""A double of VNPAY PAY 2.1.0: pay page, IPN, querydr and refund.

Where the facts are silent this double chooses, and says so: a refused pay URL shows a page with the
querydr code that fits best; "no special characters" means letters, digits and " .,:_-"; an order
left alone until it expires sends no IPN; a reversal is seen by querydr only; querydr speaks of the
last refund once there is one (TransactionType 02 or 03, its amount and its TransactionNo); an
amount above what is left to refund is 99, a second refund of an order refunded whole is 94.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from werkzeug.utils import redirect
from werkzeug.wrappers import Request

from tests.doubles import vnpay_wire as wire
from tests.doubles.base import Answer, Handler, Options
from tests.doubles.outbox import Attempt, Message, Notice
from tests.doubles.page import HostedDouble, Shown, number_for, with_query
from tests.doubles.vnpay_orders import MESSAGES, REFUNDABLE, Refused, VnpayOrder, VnpayRefund

#: RspCodes after which the IPN is not sent again.
HEARD = ("00", "02")


class VnpayDouble(HostedDouble):
    """VNPAY for one merchant. Orders are known by vnp_TxnRef, once a browser opened the pay URL."""

    brand = "VNPAY"
    signature_field = "vnp_SecureHash"
    retry_waits = (timedelta(minutes=5),) * 10

    PAY_PATH = "/paymentv2/vpcpay.html"
    API_PATH = "/merchant_webapi/api/transaction"

    def __init__(
        self,
        tmn_code: str,
        secret: str,
        *,
        notify_url: str,
        bank_code: str = "NCB",
        refund_takes: timedelta = timedelta(minutes=1),
        **options: Unpack[Options],
    ) -> None:
        super().__init__(**options)
        self.tmn_code = tmn_code
        self.secret = secret
        self.notify_url = notify_url
        self.bank_code = bank_code
        self.refund_takes = refund_takes
        self.orders: dict[str, VnpayOrder] = {}
        self._requests: set[tuple[str, str]] = set()

    @property
    def pay_url(self) -> str:
        return self.base_url + self.PAY_PATH

    @property
    def api_url(self) -> str:
        return self.base_url + self.API_PATH

    def routes(self) -> dict[str, Handler]:
        return {
            f"GET {self.PAY_PATH}": self._open,
            f"POST {self.API_PATH}": self._call,
            **self.hosted_routes(),
        }

    def acknowledged(self, attempt: Attempt) -> bool:
        return attempt.status == 200 and attempt.said("RspCode") in HEARD

    # What the payer and the bank do

    def pay(self, reference: str, *, at: datetime | None = None) -> Notice:
        """Money arrives, also after the order expired. The IPN waits in the outbox."""
        return self._end(reference, "00", "00", at)

    def decline(self, reference: str, *, code: str = "51") -> Notice:
        """The bank refuses, with any failing vnp_ResponseCode (51: no funds)."""
        return self._end(reference, code, "02")

    def cancel(self, reference: str) -> Notice:
        return self._end(reference, "24", "02")

    def expire(self, reference: str) -> Notice:
        """VNPAY closes the order unpaid and says so; left alone, an order says nothing."""
        return self._end(reference, "11", "02")

    def suspect(self, reference: str) -> Notice:
        """The payer was debited, VNPAY holds the money as suspected fraud. `pay` releases it."""
        return self._end(reference, "07", "07")

    def reverse(self, reference: str) -> None:
        """A paid order turns into "debited at the bank, not successful at VNPAY"."""
        with self.lock:
            self.orders[reference].status = "04"

    def refuse_refund(self, reference: str) -> None:
        """The last refund, which was in process or sent, comes back."""
        with self.lock:
            self.orders[reference].refunds[-1].status = "09"

    def _end(self, reference: str, code: str, status: str, at: datetime | None = None) -> Notice:
        with self.lock:
            order = self.orders[reference]
            order.code, order.status = code, status
            order.pay_date = wire.write_time(at or self.now)
            order.transaction_no, order.bank_tran_no = "0", ""
            if code not in ("24", "11"):
                order.transaction_no = str(number_for(f"vnpay {reference}", 8))
            if status in ("00", "07"):
                order.bank_tran_no = f"VNP{order.transaction_no}"
            address = self._told(self.notify_url, order)
        return self.outbox.post(reference, lambda now: Message("GET", address))

    def _told(self, address: str, order: VnpayOrder) -> str:
        """`address` with the parameters of return and IPN."""
        values = {
            "vnp_Amount": str(order.amount),
            "vnp_BankCode": order.values.get("vnp_BankCode") or self.bank_code,
            "vnp_BankTranNo": order.bank_tran_no,
            "vnp_CardType": "QRCODE" if order.values.get("vnp_BankCode") == "VNPAYQR" else "ATM",
            "vnp_OrderInfo": order.values["vnp_OrderInfo"],
            "vnp_PayDate": order.pay_date,
            "vnp_ResponseCode": order.code,
            "vnp_TmnCode": self.tmn_code,
            "vnp_TransactionNo": order.transaction_no,
            "vnp_TransactionStatus": order.status,
            "vnp_TxnRef": order.values["vnp_TxnRef"],
        }
        return with_query(address, wire.signed_query(self.secret, values))

    # The payer's browser

    def shown(self, reference: str) -> Shown:
        order = self.orders[reference]
        return Shown(
            payee=self.tmn_code,
            amount=order.amount // 100,
            description=order.values["vnp_OrderInfo"],
            reference=reference,
            until=order.expires,
            open=order.status == "01",
        )

    def back(self, reference: str) -> str | None:
        order = self.orders[reference]
        return self._told(order.values["vnp_ReturnUrl"], order) if order.code else None

    def _open(self, request: Request) -> Answer:
        values = request.args.to_dict()
        try:
            self._register(values)
        except Refused as refused:
            code, *detail = refused.args
            return self.refusal_page(" ".join([code, MESSAGES[code], *detail]))
        return redirect(self.page_address(values["vnp_TxnRef"]), 302)

    def _register(self, values: Mapping[str, str]) -> None:
        if values.get("vnp_TmnCode") != self.tmn_code:
            raise Refused("02")
        if not wire.query_is_genuine(self.secret, values):
            raise Refused("97")
        if (name := wire.misfit(values)) is not None:
            raise Refused("03", name)
        reference, expires = values["vnp_TxnRef"], wire.read_time(values["vnp_ExpireDate"])
        known = self.orders.get(reference)
        if known is not None and known.values != values:
            raise Refused("94", reference)
        if known is None:
            if expires <= self.now:
                raise Refused("11", values["vnp_ExpireDate"])
            self.orders[reference] = VnpayOrder(values, int(values["vnp_Amount"]), expires)

    # The merchant's server

    def _call(self, request: Request) -> Answer:
        command = ""
        try:
            values = self._read(request.get_data())
            command = values.get("vnp_Command", "")
            return self._query(values) if command == "querydr" else self._refund(values)
        except Refused as refused:
            code = refused.args[0]
            return {
                "vnp_ResponseId": self._response_id(),
                "vnp_Command": command,
                "vnp_ResponseCode": code,
                "vnp_Message": MESSAGES[code],
            }

    def _read(self, body: bytes) -> dict[str, str]:
        """The request, if it is whole, ours, genuine and new."""
        try:
            raw: Any = json.loads(body)
            values = {name: str(value) for name, value in raw.items()}
        except (ValueError, AttributeError) as error:
            raise Refused("03") from error
        orders = {"querydr": wire.QUERY_FIELDS, "refund": wire.REFUND_FIELDS}
        names = orders.get(values.get("vnp_Command", ""))
        if names is None or values.get("vnp_Version") != "2.1.0" or not set(names) <= set(values):
            raise Refused("03")
        if values["vnp_TmnCode"] != self.tmn_code:
            raise Refused("02")
        right = wire.sign(self.secret, wire.piped(names, values))
        if not wire.same(right, values.get("vnp_SecureHash", "")):
            raise Refused("97")
        key = (values["vnp_RequestId"], wire.write_time(self.now)[:8])
        if key in self._requests:
            raise Refused("94")
        self._requests.add(key)
        return values

    def _find(self, values: Mapping[str, str]) -> VnpayOrder:
        order = self.orders.get(values["vnp_TxnRef"])
        if order is None or order.values["vnp_CreateDate"] != values["vnp_TransactionDate"]:
            raise Refused("91")
        return order

    def _query(self, values: Mapping[str, str]) -> Answer:
        order = self._find(values)
        return self._signed(wire.QUERY_ANSWER_FIELDS, "querydr", order)

    def _refund(self, values: Mapping[str, str]) -> Answer:
        order = self._find(values)
        if values["vnp_TransactionNo"] not in ("", order.transaction_no):
            raise Refused("91")
        if order.status not in REFUNDABLE:
            raise Refused("95")
        kind, left = values["vnp_TransactionType"], order.amount - order.refunded
        if kind not in ("02", "03") or not values["vnp_Amount"].isdecimal():
            raise Refused("03")
        amount = int(values["vnp_Amount"])
        if left == 0:
            raise Refused("94")
        if not 0 < amount <= left or (kind == "02" and amount != order.amount):
            raise Refused("99")
        number = number_for(f"vnpay refund {values['vnp_RequestId']}", 8)
        refund = VnpayRefund(kind, amount, str(number))
        order.refunds.append(refund)
        self.at(self.now + self.refund_takes, refund.reach_bank)
        return self._signed(wire.REFUND_ANSWER_FIELDS, "refund", order)

    def _signed(self, names: Sequence[str], command: str, order: VnpayOrder) -> Answer:
        last = order.refunds[-1] if order.refunds else None
        values = {
            "vnp_ResponseId": self._response_id(),
            "vnp_Command": command,
            "vnp_ResponseCode": "00",
            "vnp_Message": MESSAGES["00"],
            "vnp_TmnCode": self.tmn_code,
            "vnp_TxnRef": order.values["vnp_TxnRef"],
            "vnp_Amount": str(last.amount if last else order.amount),
            "vnp_BankCode": order.values.get("vnp_BankCode") or self.bank_code,
            "vnp_PayDate": order.pay_date,
            "vnp_TransactionNo": last.transaction_no if last else order.transaction_no,
            "vnp_TransactionType": last.kind if last else "01",
            "vnp_TransactionStatus": last.status if last else order.status,
            "vnp_OrderInfo": order.values["vnp_OrderInfo"],
            "vnp_PromotionCode": "",
            "vnp_PromotionAmount": "",
        }
        answer = {name: values[name] for name in names}
        hashed = wire.sign(self.secret, wire.piped(names, answer))
        return {**answer, "vnp_SecureHash": hashed}

    def _response_id(self) -> str:
        return f"{number_for(f'response {len(self.journal)}', 16):x}"
