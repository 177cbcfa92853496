"""The VNPAY double signs as published."""

from __future__ import annotations

import pytest

from tests.doubles import vnpay_wire as wire
from tests.doubles.credentials import VNPAY_SECRET

#: Published vectors: parameters, then the hash over them with `VNPAY_SECRET`.
PAY = (
    {
        "vnp_Amount": "2000000",
        "vnp_Command": "pay",
        "vnp_CreateDate": "20260115093000",
        "vnp_CurrCode": "VND",
        "vnp_ExpireDate": "20260115094500",
        "vnp_IpAddr": "13.160.92.202",
        "vnp_Locale": "vn",
        "vnp_OrderInfo": "Thanh toan ve gui xe PKHN0001",
        "vnp_OrderType": "other",
        "vnp_ReturnUrl": "https://parking.example.vn/pay/vnpay/return",
        "vnp_TmnCode": "HANOIPK1",
        "vnp_TxnRef": "PKHN0001",
        "vnp_Version": "2.1.0",
    },
    "ce7de704287ea329a55abe6fb5debfc9da5348b4736145082ca50a3e255fb98a"
    "bbc113060c67450753c8b63a594ba2ddbf5c8eb35a9573ad725e74328259e10e",
)
CANCELLED_IPN = (
    {
        "vnp_Amount": "2000000",
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": "",
        "vnp_CardType": "ATM",
        "vnp_OrderInfo": "Thanh toan ve gui xe PKHN0001",
        "vnp_PayDate": "20260115093600",
        "vnp_ResponseCode": "24",
        "vnp_TmnCode": "HANOIPK1",
        "vnp_TransactionNo": "0",
        "vnp_TransactionStatus": "02",
        "vnp_TxnRef": "PKHN0001",
    },
    "ace2508e716f38b9b0b40e967ffdb77fa5773b61df9fcebdc22e7076acdc0b0a"
    "265130eba703935905e3975e6a830144c4e082949ae2e5742eff7bda6cb3fa09",
)
PIPED = [
    (
        wire.QUERY_FIELDS,
        "REQ0001|2.1.0|querydr|HANOIPK1|PKHN0001|20260115093000|20260115101500|10.0.0.8"
        "|Truy van PKHN0001",
        "8b3196ecd395b5f4792938f8d4b2467b1ed6d661482a3c7966ca2cbcb16d3606"
        "b36327d924a93172345ca002336e17795433d4a9578435cb021ceb7e205ec448",
    ),
    (
        wire.REFUND_FIELDS,
        "REQ0002|2.1.0|refund|HANOIPK1|03|PKHN0001|500000|14226112|20260115093000|ops.hoa"
        "|20260116080000|10.0.0.8|Hoan tien PKHN0001",
        "70f2bd5a63438853e5099fe984e4653331e9c823464cd3d6b01df96076dba0eb"
        "6fef1a6bdd15c676fd432d2c0b82064d6b243d6e919f5fa9afb17e5c5b14d84f",
    ),
]


@pytest.mark.parametrize(("values", "hashed"), [PAY, CANCELLED_IPN], ids=["pay", "ipn"])
def test_queries_hash_as_published(values: dict[str, str], hashed: str) -> None:
    assert wire.signed_query(VNPAY_SECRET, values).endswith(f"&vnp_SecureHash={hashed}")
    assert wire.query_is_genuine(VNPAY_SECRET, {**values, "vnp_SecureHash": hashed.upper()})


@pytest.mark.parametrize(("names", "text", "hashed"), PIPED, ids=["querydr", "refund"])
def test_calls_hash_as_published(names: list[str], text: str, hashed: str) -> None:
    values = dict(zip(names, text.split("|"), strict=True))
    assert wire.piped(names, values) == text
    assert wire.sign(VNPAY_SECRET, text) == hashed
