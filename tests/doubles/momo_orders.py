"""What the MoMo double writes down: orders and refunds, its codes, its signatures, its limits.

Source: payments protocol facts, section 4 (developers.momo.vn/v3).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

MESSAGES = {
    0: "Successful.",
    13: "Merchant authentication failed.",
    20: "Bad format request.",
    21: "Request rejected because of invalid transaction amount.",
    22: "The transaction amount is out of range.",
    40: "Duplicated requestId.",
    41: "Duplicated orderId.",
    42: "Invalid orderId or orderId is not found.",
    1000: "Transaction is initiated, waiting for user confirmation.",
    1001: "Transaction failed due to insufficient funds.",
    1002: "Transaction rejected by the issuers of the payment methods.",
    1003: "Transaction cancelled after successfully authorized.",
    1005: "Transaction failed because the url or QR code expired.",
    1006: "Transaction failed because user has denied to confirm the payment.",
    1080: "Refund failed. Please try again in about an hour.",
    1081: "Refund rejected: already refunded.",
    1088: "Refund rejected: the transaction is not refundable.",
    7000: "Transaction is being processed.",
    7002: "Transaction is being processed by the provider.",
    9000: "Transaction is authorized successfully.",
}
PENDING = (1000, 7000, 7002, 8000)
LEAST, MOST = 1_000, 50_000_000
ORDER_ID = re.compile(r"[0-9a-zA-Z]([-_.]*[0-9a-zA-Z]+)*")
REQUEST_TYPES = ("captureWallet", "payWithMethod", "payWithATM", "payWithCC")


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CREATE = _names(
    "accessKey amount extraData ipnUrl orderId orderInfo partnerCode redirectUrl requestId"
    " requestType"
)
QUERY = _names("accessKey orderId partnerCode requestId")
REFUND = _names("accessKey amount description orderId partnerCode requestId transId")
IPN = _names(
    "accessKey amount extraData message orderId orderInfo orderType partnerCode payType requestId"
    " responseTime resultCode transId"
)
CREATE_ANSWER = _names(
    "accessKey amount message orderId partnerCode payUrl requestId responseTime resultCode"
)
#: These sign as empty when they are absent.
OPTIONAL = ("extraData", "description")


class Refused(Exception):
    """A resultCode, and what the request shall be told besides its message."""


def sign(secret: str, names: Iterable[str], values: Mapping[str, Any]) -> str:
    raw = "&".join(f"{name}={values.get(name, '')}" for name in names)
    return hmac.new(secret.encode(), raw.encode(), hashlib.sha256).hexdigest()


def amount_of(body: Mapping[str, Any]) -> int:
    """Whole đồng within MoMo's limits, given as a number or as digits."""
    text = str(body["amount"])
    if isinstance(body["amount"], bool) or not re.fullmatch("[0-9]+", text):
        raise Refused(21)
    if not LEAST <= int(text) <= MOST:
        raise Refused(22)
    return int(text)


@dataclass
class MomoRefund:
    """`created` in milliseconds; `code` is a resultCode, of which some are not final."""

    order_id: str
    amount: int
    trans_id: int
    created: int
    code: int

    def view(self) -> dict[str, Any]:
        return {
            "orderId": self.order_id,
            "amount": self.amount,
            "resultCode": self.code,
            "transId": self.trans_id,
            "createdTime": self.created,
        }


@dataclass
class MomoOrder:
    """One order as its create call described it; `code` is the resultCode reached so far."""

    body: Mapping[str, Any]
    amount: int
    expires: datetime
    code: int = 1000
    trans_id: int = 0
    pay_type: str = ""
    updated: int = 0
    refunds: list[MomoRefund] = field(default_factory=list)

    def state_at(self, now: datetime) -> int:
        return 1005 if self.code == 1000 and now >= self.expires else self.code

    @property
    def refunded(self) -> int:
        """What was given back, or may still be."""
        counted = (0, *PENDING)
        return sum(refund.amount for refund in self.refunds if refund.code in counted)
