"""SePay's records and signatures (section 2.1): one line of the bank's book in its three shapes."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import uuid
from typing import Any

from tests.doubles.bank import Entry, Party

Json = dict[str, Any]


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """`sha256=` and the hex of HMAC-SHA256 over `timestamp.body`, over the raw bytes."""
    signed = f"{timestamp}.".encode() + body
    return "sha256=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def code_in(entry: Entry, prefix: str) -> str | None:
    """What SePay takes for the payment code: the prefix and what stands glued to it."""
    found = re.search(rf"\b{re.escape(prefix)}[A-Z0-9]{{4,12}}\b", entry.narrative)
    return found.group() if found else None


def number(entry: Entry) -> int:
    """The webhook's and API v1's id of a line, the same on every retry."""
    return 92_700_000 + entry.serial


def unique(owner: Party, entry: Entry) -> str:
    """API v2's id of the same line, which is another one."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{owner.account}/{entry.serial}"))


def amounts(entry: Entry) -> tuple[int, int]:
    """In and out."""
    return (entry.amount, 0) if entry.signed > 0 else (0, entry.amount)


def webhook(owner: Party, entry: Entry, prefix: str) -> Json:
    return {
        "id": number(entry),
        "gateway": owner.bank,
        "transactionDate": entry.local_time,
        "accountNumber": owner.account,
        "subAccount": entry.virtual_account or None,
        "code": code_in(entry, prefix),
        "content": entry.narrative,
        "transferType": "in" if entry.signed > 0 else "out",
        "description": f"BankAPINotify {entry.narrative}",
        "transferAmount": entry.amount,
        "accumulated": entry.balance,
        "referenceCode": entry.reference,
    }


def written(body: Json) -> bytes:
    """As PHP writes JSON: non-ASCII and slashes escaped; only the raw bytes can be verified."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode()


def listed_v1(owner: Party, entry: Entry, prefix: str) -> Json:
    """API v1 writes every number as text, amounts with two decimals."""
    paid_in, paid_out = amounts(entry)
    return {
        "id": str(number(entry)),
        "bank_brand_name": owner.bank,
        "account_number": owner.account,
        "transaction_date": entry.local_time,
        "amount_out": f"{paid_out}.00",
        "amount_in": f"{paid_in}.00",
        "accumulated": f"{entry.balance}.00",
        "transaction_content": entry.narrative,
        "reference_number": entry.reference,
        "code": code_in(entry, prefix),
        "sub_account": entry.virtual_account or None,
        "bank_account_id": "19",
    }


def listed_v2(owner: Party, entry: Entry, prefix: str) -> Json:
    paid_in, paid_out = amounts(entry)
    return {
        "id": unique(owner, entry),
        "transaction_date": entry.local_time,
        "account_number": owner.account,
        "transfer_type": "in" if entry.signed > 0 else "out",
        "amount_in": paid_in,
        "amount_out": paid_out,
        "accumulated": entry.balance,
        "transaction_content": entry.narrative,
        "reference_number": entry.reference,
        "code": code_in(entry, prefix),
        "bank_brand_name": owner.bank,
        "bank_account_id": str(uuid.uuid5(uuid.NAMESPACE_URL, owner.account)),
        "va_id": entry.virtual_account or None,
    }
