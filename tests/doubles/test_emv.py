"""QR payloads of the doubles against codes that banks and NAPAS published."""

from __future__ import annotations

from tests.doubles.emv import tlv, transfer_payload

#: MB, account 0023457923442.
PUBLISHED = (
    "00020101021238570010A00000072701270006970422011300234579234420208QRIBFTTA"
    "5303704540540123"
    "5802VN62160812chuyen khoan6304722F"
)


def test_a_transfer_is_written_as_published() -> None:
    assert transfer_payload("970422", "0023457923442", 40123, "chuyen khoan") == PUBLISHED


def test_a_wallet_stands_before_the_transfer() -> None:
    payload = transfer_payload("970422", "1", 1000, "x", [("00", "vn.momo"), ("01", "PK1")])
    assert tlv(("26", "0007vn.momo0103PK1")) + "38" in payload
