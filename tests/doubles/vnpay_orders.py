"""What the VNPAY double writes down: orders, their refunds, and the codes it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

MESSAGES = {
    "00": "Success",
    "02": "Invalid TmnCode",
    "03": "Invalid data format",
    "11": "Order expired",
    "91": "Transaction not found",
    "94": "Duplicate request",
    "95": "Transaction was not successful",
    "97": "Invalid signature",
    "99": "Unknown error",
}
#: TransactionStatus in which money is held for the merchant.
REFUNDABLE = ("00",)


@dataclass
class VnpayRefund:
    """`status`: 05 in process, 06 sent to the bank, 09 refused. `amount` is VND × 100."""

    kind: str
    amount: int
    transaction_no: str
    status: str = "05"

    def reach_bank(self) -> None:
        if self.status == "05":
            self.status = "06"


@dataclass
class VnpayOrder:
    """`amount` is VND × 100. `status` is vnp_TransactionStatus, `code` vnp_ResponseCode."""

    values: Mapping[str, str]
    amount: int
    expires: datetime
    code: str = ""
    status: str = "01"
    transaction_no: str = ""
    bank_tran_no: str = ""
    pay_date: str = ""
    refunds: list[VnpayRefund] = field(default_factory=list)

    @property
    def refunded(self) -> int:
        return sum(refund.amount for refund in self.refunds if refund.status != "09")


class Refused(Exception):
    """An answer that carries nothing but a code of `MESSAGES`."""
