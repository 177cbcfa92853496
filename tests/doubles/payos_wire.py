"""payOS on the wire (section 2.3): signatures, records of a payment link, refusals."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.doubles.bank import Entry, Party
from tests.doubles.base import HANOI

Json = dict[str, Any]

CREATE = ("amount", "cancelUrl", "description", "orderCode", "returnUrl")
LARGEST_ORDER_CODE = 9_007_199_254_740_991
OPEN = ("PENDING", "PROCESSING", "UNDERPAID")

#: What a refusal says; 231 and 20 are published, the other codes are general knowledge.
REFUSALS = {
    "20": "Thông tin truyền lên không đúng",
    "101": "Mã thanh toán không tồn tại",
    "201": "Mã kiểm tra(signature) không hợp lệ",
    "231": "Đơn thanh toán đã tồn tại",
    "401": "Client id hoặc API key không đúng",
}


class Refused(Exception):
    """Becomes `{"code", "desc"}`; the facts name no HTTP status, we take 200 and 401."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
        self.status = 401 if code == "401" else 200


def text_of(value: object) -> str:
    """null is empty, arrays and objects are compact JSON with sorted keys, the rest as JSON."""
    if value in (None, "null", "undefined"):
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def to_sign(data: Mapping[str, object], names: Iterable[str] | None = None) -> str:
    """`key=value` with `&` between, keys sorted, nothing URL-encoded; `names`: only these."""
    chosen = sorted(data if names is None else names)
    return "&".join(f"{name}={text_of(data.get(name))}" for name in chosen)


def signature(key: str, data: Mapping[str, object], names: Iterable[str] | None = None) -> str:
    return hmac.new(key.encode(), to_sign(data, names).encode(), hashlib.sha256).hexdigest()


@dataclass
class PaymentLink:
    """One payment link; money may come in several transfers, also after its end."""

    own_id: str
    values: Json
    virtual_account: str
    created: datetime
    status: str = "PENDING"
    cancelled: datetime | None = None
    reason: str | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def amount(self) -> int:
        return int(self.values["amount"])

    @property
    def paid(self) -> int:
        return sum(entry.amount for entry in self.entries)

    @property
    def order_code(self) -> int:
        return int(self.values["orderCode"])

    @property
    def expires(self) -> datetime | None:
        seconds = self.values.get("expiredAt")
        return None if seconds is None else datetime.fromtimestamp(seconds, HANOI)


def iso(moment: datetime | None) -> str | None:
    return moment.astimezone(HANOI).isoformat(timespec="seconds") if moment else None


def counterpart(entry: Entry) -> Json:
    """What both a transaction and a webhook say of the payer."""
    return {
        "counterAccountBankId": entry.party.bin,
        "counterAccountBankName": entry.party.bank,
        "counterAccountName": entry.party.name,
        "counterAccountNumber": entry.party.account,
        "virtualAccountName": "",
        "virtualAccountNumber": entry.virtual_account,
    }


def transaction(owner: Party, entry: Entry) -> Json:
    return {
        "accountNumber": owner.account,
        "amount": entry.amount,
        "description": entry.narrative,
        "reference": entry.reference,
        "transactionDateTime": iso(entry.at),
        **counterpart(entry),
    }


def record(owner: Party, link: PaymentLink) -> Json:
    """The answer to a query."""
    return {
        "id": link.own_id,
        "orderCode": link.order_code,
        "amount": link.amount,
        "amountPaid": link.paid,
        "amountRemaining": max(link.amount - link.paid, 0),
        "status": link.status,
        "createdAt": iso(link.created),
        "transactions": [transaction(owner, entry) for entry in link.entries],
        "canceledAt": iso(link.cancelled),
        "cancellationReason": link.reason,
    }


def created(owner: Party, link: PaymentLink, address: str, payload: str) -> Json:
    """The answer to a creation; `payload` is the VietQR text."""
    return {
        "bin": owner.bin,
        "accountNumber": link.virtual_account,
        "accountName": owner.name,
        "amount": link.amount,
        "description": link.values["description"],
        "orderCode": link.order_code,
        "currency": "VND",
        "paymentLinkId": link.own_id,
        "status": link.status,
        "expiredAt": link.values.get("expiredAt"),
        "checkoutUrl": address,
        "qrCode": payload,
    }


def told(owner: Party, link: PaymentLink, entry: Entry) -> Json:
    """The data of a webhook: one transfer."""
    return {
        "orderCode": link.order_code,
        "amount": entry.amount,
        "description": entry.narrative,
        "accountNumber": owner.account,
        "reference": entry.reference,
        "transactionDateTime": entry.local_time,
        "currency": "VND",
        "paymentLinkId": link.own_id,
        "code": "00",
        "desc": "success",
        **counterpart(entry),
    }


#: The transfer of the call that tests a webhook address; there is no such order.
EXAMPLE: Json = {
    "orderCode": 123,
    "amount": 3_000,
    "description": "VQRIO123",
    "accountNumber": "12345678",
    "reference": "TF230204212323",
    "transactionDateTime": "2023-02-04 18:25:00",
    "currency": "VND",
    "paymentLinkId": "124c33293c43417ab7879e14c8d9eb18",
    "code": "00",
    "desc": "Thành công",
    "counterAccountBankId": "",
    "counterAccountBankName": "",
    "counterAccountName": "",
    "counterAccountNumber": "",
    "virtualAccountName": "",
    "virtualAccountNumber": "",
}


def checked(values: Json, longest: int) -> None:
    """The published bounds of a creation: code 20 when one is crossed."""
    texts = [values.get(name) for name in ("description", "returnUrl", "cancelUrl")]
    numbers = [values.get("orderCode"), values.get("amount"), values.get("expiredAt", 1)]
    good = (
        all(isinstance(text, str) and text for text in texts)
        and all(type(number) is int for number in numbers)
        and 0 <= values["orderCode"] <= LARGEST_ORDER_CODE
        and values["amount"] >= 1
        and len(values["description"]) <= longest
    )
    if not good:
        raise Refused("20")
