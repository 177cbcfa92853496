"""VNPAY 2.1.0 on the wire: the two ways of signing, times, and the rules for a pay URL.

Source: payments protocol facts, section 3 (VNPAY pay.html, querydr&refund.html, bang-ma-loi).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote_plus

from tests.doubles.base import HANOI

UNSIGNED = ("vnp_SecureHash", "vnp_SecureHashType")


def _names(text: str) -> list[str]:
    return [f"vnp_{name}" for name in text.split()]


QUERY_FIELDS = _names(
    "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
)
REFUND_FIELDS = _names(
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo"
    " TransactionDate CreateBy CreateDate IpAddr OrderInfo"
)
QUERY_ANSWER_FIELDS = _names(
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo PromotionCode PromotionAmount"
)
REFUND_ANSWER_FIELDS = QUERY_ANSWER_FIELDS[:13]

#: Encoders disagree on these, so no value of a pay URL may hold one.
AMBIGUOUS = "[^~*!'()]"

PAY_RULES = {
    "vnp_Version": r"2\.1\.0",
    "vnp_Command": "pay",
    "vnp_TmnCode": "[A-Za-z0-9]{8}",
    "vnp_Amount": "[1-9][0-9]{0,9}00",
    "vnp_BankCode": "([A-Z0-9]{3,20})?",
    "vnp_CreateDate": "[0-9]{14}",
    "vnp_CurrCode": "VND",
    "vnp_IpAddr": "[0-9A-Fa-f.:]{7,45}",
    "vnp_Locale": "vn|en",
    "vnp_OrderInfo": "[A-Za-z0-9 .,:_-]{1,255}",
    "vnp_OrderType": AMBIGUOUS + "{1,100}",
    "vnp_ReturnUrl": f"https?://{AMBIGUOUS}{{3,247}}",
    "vnp_TxnRef": "[A-Za-z0-9_-]{1,100}",
    "vnp_ExpireDate": "[0-9]{14}",
}


def sign(secret: str, text: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def query_text(values: Mapping[str, str]) -> str:
    """Sorted, form-encoded, without empty values and signatures: what is sent and what is signed."""
    return "&".join(
        f"{quote_plus(name)}={quote_plus(value)}"
        for name, value in sorted(values.items())
        if value != "" and name not in UNSIGNED
    )


def signed_query(secret: str, values: Mapping[str, str]) -> str:
    text = query_text(values)
    return f"{text}&vnp_SecureHash={sign(secret, text)}"


def query_is_genuine(secret: str, values: Mapping[str, str]) -> bool:
    return same(sign(secret, query_text(values)), values.get("vnp_SecureHash", ""))


def piped(names: Iterable[str], values: Mapping[str, str]) -> str:
    return "|".join(values.get(name, "") for name in names)


def same(right: str, given: str) -> bool:
    return hmac.compare_digest(right, given.lower().encode("ascii", "replace").decode())


def write_time(moment: datetime) -> str:
    return moment.astimezone(HANOI).strftime("%Y%m%d%H%M%S")


def read_time(text: str) -> datetime:
    """Raises `ValueError` for anything but yyyyMMddHHmmss (GMT+7)."""
    return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=HANOI)


def misfit(values: Mapping[str, str]) -> str | None:
    """The first parameter of a pay URL that breaks its rule."""
    for name, rule in PAY_RULES.items():
        if not re.fullmatch(rule, values.get(name, "")):
            return name
    for name in ("vnp_CreateDate", "vnp_ExpireDate"):
        try:
            read_time(values[name])
        except ValueError:
            return name
    unknown = set(values) - set(PAY_RULES) - set(UNSIGNED)
    return min(unknown, default=None)
