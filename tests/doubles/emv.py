"""QR payloads as wallets hand them out: EMV objects with a VietQR template (NAPAS v1.0)."""

from __future__ import annotations

import binascii
from collections.abc import Sequence


def tlv(*objects: tuple[str, str]) -> str:
    return "".join(f"{number}{len(value):02d}{value}" for number, value in objects)


def transfer_payload(
    bank: str, account: str, amount: int, purpose: str, wallet: Sequence[tuple[str, str]] = ()
) -> str:
    """A one-use code: the wallet's own template, if any, in 26, the transfer (BIN, account) in 38."""
    text = tlv(
        ("00", "01"),
        ("01", "12"),
        *([("26", tlv(*wallet))] if wallet else []),
        (
            "38",
            tlv(
                ("00", "A000000727"),
                ("01", tlv(("00", bank), ("01", account))),
                ("02", "QRIBFTTA"),
            ),
        ),
        ("53", "704"),
        ("54", str(amount)),
        ("58", "VN"),
        ("62", tlv(("08", purpose[:25]))),
    )
    text += "6304"
    return f"{text}{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"
