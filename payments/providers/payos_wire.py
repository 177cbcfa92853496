"""payOS on the wire (payOS documents and sample code): signatures, transfers, payment links.

Everything is signed with one checksum key over ``key=value`` joined by ``&``, keys sorted, nothing
URL-encoded; null is empty, arrays and objects are compact JSON with sorted keys. Of a request only
five fields are signed, of a webhook or an answer every field of `data`, known to us or not, as it
came. Readers raise `KeyError`, `ValueError`, `TypeError` or `Complaint` for what they cannot read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from payments.codes import code_for
from payments.narratives import codes_in
from payments.provider import (
    InvalidNotice,
    MovementFact,
    MovementKind,
    NoticeRequest,
    PayerAccount,
    Status,
)
from payments.providers.wire import (
    GMT7,
    amount,
    any_equal,
    hmac_hex,
    json_object,
    notice_object,
    text,
    whole,
)

SIGNED_OF_A_REQUEST = ("amount", "cancelUrl", "description", "orderCode", "returnUrl")
DONE = "00"

#: What payOS says of a link. Money that is not all there may still be followed by the rest.
STATUSES = {
    "PENDING": Status.PENDING,
    "PROCESSING": Status.PENDING,
    "UNDERPAID": Status.PENDING,
    "PAID": Status.PAID,
    "CANCELLED": Status.CANCELLED,
    "EXPIRED": Status.EXPIRED,
    "FAILED": Status.FAILED,
}


def text_to_sign(data: Mapping[str, object]) -> str:
    """What is signed of `data`: every field, in the order of the names."""
    return "&".join(f"{name}={_as_text(data[name])}" for name in sorted(data))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def signature(checksum_key: str, data: Mapping[str, object]) -> str:
    """The signature of `data`, as a webhook or an answer carries it. Half a surrogate pair is no
    text: it gets bytes that nobody can have signed."""
    return hmac_hex(checksum_key, text_to_sign(data).encode("utf-8", "surrogatepass"))


def request_signature(checksum_key: str, fields: Mapping[str, object]) -> str:
    """The signature of the request for a payment link, of which other fields are not part."""
    return signature(checksum_key, {name: fields[name] for name in SIGNED_OF_A_REQUEST})


def is_signed(message: Mapping[str, Any], checksum_keys: Iterable[str]) -> bool:
    """Whether the `data` of a webhook or an answer is signed with one of `checksum_keys`."""
    data, given = message.get("data"), message.get("signature")
    if not (isinstance(data, dict) and isinstance(given, str)):
        return False
    return any_equal((signature(key, data) for key in checksum_keys), [given])


def verified_data(request: NoticeRequest, checksum_keys: Iterable[str]) -> dict[str, Any]:
    """The `data` of a webhook that payOS signed. Raises `InvalidNotice`, also when the unsigned
    words around it say another result than it does: somebody was at them."""
    message = notice_object(request)
    if not is_signed(message, checksum_keys):
        raise InvalidNotice("The notice is not signed with a secret of this account.")
    data: dict[str, Any] = message["data"]
    if message.get("code") != data.get("code"):
        raise InvalidNotice("The notice's %(name)s is not the expected one.", name="code")
    return data


@dataclass(frozen=True, slots=True)
class Transfer:
    """One transfer to a payment link. `reference` is the bank's, `narrative` what it printed;
    `done` is False when payOS tells of a transfer that did not go through."""

    order_number: int
    link: str
    reference: str
    amount: int
    currency: str
    at: datetime
    narrative: str
    done: bool

    @property
    def receipt(self) -> MovementFact:
        """The money, by what payOS names unique: the bank's reference within the link."""
        return MovementFact(
            MovementKind.RECEIPT,
            f"{self.reference}:{self.link}",
            self.amount,
            self.currency,
            self.at,
        )

    @property
    def names_its_code(self) -> bool:
        """Whether our payment code can be read in what the bank printed."""
        return code_for(self.order_number) in codes_in(self.narrative)


def told_transfer(data: Mapping[str, Any]) -> Transfer:
    """The transfer a webhook's `data` tells of."""
    return _transfer(
        data,
        order_number=whole(data["orderCode"]),
        link=text(data["paymentLinkId"]),
        currency=text(data["currency"]),
        done=text(data["code"]) == DONE,
    )


def listed_transfers(data: Mapping[str, Any]) -> tuple[Transfer, ...]:
    """The transfers a payment link's record lists: in đồng, and done."""
    number, link = whole(data["orderCode"]), text(data["id"])
    return tuple(
        _transfer(entry, order_number=number, link=link, currency="VND", done=True)
        for entry in data["transactions"]
    )


def _transfer(
    entry: Mapping[str, Any], *, order_number: int, link: str, currency: str, done: bool
) -> Transfer:
    return Transfer(
        order_number=order_number,
        link=link,
        reference=text(entry["reference"]),
        amount=amount(entry["amount"], currency),
        currency=currency,
        at=instant(entry["transactionDateTime"]),
        narrative=str(entry.get("description") or ""),
        done=done,
    )


def instant(value: object) -> datetime:
    """An instant as payOS writes it: with its offset in answers, without one, in Vietnam's time, in
    webhooks."""
    moment = datetime.fromisoformat(text(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=GMT7)


def payer_of(raw: bytes) -> PayerAccount | None:
    """The account the webhook `raw` says the money came from; None when it names none. payOS gives
    the bank's name where it knows it, its own number of the bank is no BIN."""
    try:
        data = json_object(raw)["data"]
        account = text(data["counterAccountNumber"])
    except (KeyError, TypeError, ValueError):
        return None
    bank, holder = data.get("counterAccountBankName"), data.get("counterAccountName")
    return PayerAccount(str(bank or ""), account, str(holder or ""))
