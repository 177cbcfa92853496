"""What the ZaloPay double writes down: orders and refunds, its codes, macs and rules.

Source: payments protocol facts, section 5 (docs.zalopay.vn).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.doubles.base import HANOI

MESSAGES = {
    1: "Giao dịch thành công",
    -13: "Refund too late",
    -14: "Refund amount invalid",
    -23: "Duplicate m_refund_id",
    -32: "Refund unsupported",
    -54: "Order expired",
    -63: "Balance not enough",
    -68: "Duplicate app_trans_id",
    -101: "Not found",
    -217: "Refused by the bank",
    -401: "Request data invalid",
    -402: "Unauthorized",
}
#: `app_time` may differ by so much from ZaloPay's clock.
SKEW = timedelta(minutes=15)
#: Longest text of a field.
LONGEST = {"app_trans_id": 40, "app_user": 50, "description": 256, "item": 2048, "embed_data": 1024}

CREATE = ("app_id", "app_trans_id", "app_user", "amount", "app_time", "embed_data", "item")
QUERY = ("app_id", "app_trans_id")
REFUND = ("app_id", "zp_trans_id", "amount", "description", "timestamp")
QUERY_REFUND = ("app_id", "m_refund_id", "timestamp")


class Refused(Exception):
    """A sub_return_code, and which field is wrong."""


def mac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def barred(names: Iterable[str], values: Mapping[str, str]) -> str:
    return "|".join(values.get(name, "") for name in names)


def day(now: datetime) -> str:
    """yymmdd of the GMT+7 day, with which app_trans_id and m_refund_id begin."""
    return now.astimezone(HANOI).strftime("%y%m%d")


def check_order(values: Mapping[str, str], now: datetime) -> None:
    for name, longest in LONGEST.items():
        if not 0 < len(values.get(name, "")) <= longest:
            raise Refused(-401, name)
    if not re.fullmatch(day(now) + "_.+", values["app_trans_id"]):
        raise Refused(-401, "app_trans_id")
    if not re.fullmatch("[1-9][0-9]*", values.get("amount", "")):
        raise Refused(-401, "amount")
    if not re.fullmatch("[0-9]{13}", values.get("app_time", "")):
        raise Refused(-401, "app_time")
    if abs(datetime.fromtimestamp(int(values["app_time"]) // 1000, HANOI) - now) > SKEW:
        raise Refused(-401, "app_time")
    span = values.get("expire_duration_seconds", "900")
    if not span.isdecimal() or not 300 <= int(span) <= 2_592_000:
        raise Refused(-401, "expire_duration_seconds")
    for name, kind in (("item", list), ("embed_data", dict)):
        if not isinstance(parsed(values[name], name), kind):
            raise Refused(-401, name)


def parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise Refused(-401, name) from error


@dataclass
class ZalopayRefund:
    """`sub_code`: 1 done, negative failed, 0 in process."""

    m_refund_id: str
    refund_id: int
    zp_trans_id: str
    amount: int
    sub_code: int = 0

    def counts_against(self, zp_trans_id: str) -> bool:
        """It was given back of this payment, or may still be."""
        return self.zp_trans_id == zp_trans_id and self.sub_code >= 0


@dataclass
class ZalopayOrder:
    """`sub_code`: 1 paid, negative failed, 0 open. `paid_at` is ZaloPay's time of the money."""

    values: Mapping[str, str]
    amount: int
    expires: datetime
    sub_code: int = 0
    processing: bool = False
    zp_trans_id: int = 0
    discount: int = 0
    paid_at: datetime | None = None

    def state_at(self, now: datetime) -> int:
        return -54 if self.sub_code == 0 and now >= self.expires else self.sub_code

    @property
    def embedded(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.values["embed_data"])
        return content
