"""payOS as a feed (payments reference 2.3): it tells of transfers to the linked account.

Secret part: `payos_checksum_key`. The orders are ours and not payOS's, so nothing of its links is
read, and it has no list of transfers to ask for: it makes the others faster, it replaces none.
Its webhooks carry no time of signing; a repeated one is known by its reference and link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from payments.provider import (
    AccountSettings,
    Http,
    NoticeRequest,
    PayerAccount,
    ProviderUnavailable,
)
from payments.providers.feeds.feed import Entry, Told, booked_at, secret_values, understood, words
from payments.providers.payos_wire import DONE, payer_of, told_transfer, verified_data
from payments.providers.wire import json_object, text


class PayosFeed:
    """Implements `payments.providers.feeds.feed.BankFeed`."""

    name: ClassVar[str] = "payos"
    company: ClassVar[str] = "payOS"
    parts: ClassVar[tuple[str, ...]] = ("payos_checksum_key",)
    lists: ClassVar[bool] = False
    #: The call that tests a webhook address names an account of nobody and wants a yes.
    tells_of_others: ClassVar[bool] = True

    def __init__(self, account: AccountSettings, http: Http) -> None:
        self._keys = secret_values(account, "payos_checksum_key")

    def recognises(self, request: NoticeRequest) -> bool:
        """payOS signs inside its message, in no header."""
        return _is_ours(request.body)

    def read(self, request: NoticeRequest) -> Told:
        data = verified_data(request, self._keys)
        if data.get("code") != DONE:
            return Told(())
        return Told((understood(lambda: _told(data)),))

    def listed(self, since: datetime) -> Sequence[Entry]:
        raise ProviderUnavailable("%(company)s has no list to ask for.", company=self.company)

    def payer(self, raw: bytes) -> PayerAccount | None:
        return payer_of(raw) if _is_ours(raw) else None


def _is_ours(raw: bytes) -> bool:
    try:
        return {"data", "signature"} <= json_object(raw).keys()
    except ValueError:
        return False


def _told(data: Mapping[str, Any]) -> Entry:
    """The line in a webhook; the reference names only đồng as currency of such an account."""
    transfer = told_transfer(data)
    if transfer.currency != "VND":
        raise ValueError("not đồng")
    return Entry(
        feed=PayosFeed.name,
        own_id=f"{transfer.reference}:{transfer.link}",
        account=text(data["accountNumber"]),
        virtual_account=words(data.get("virtualAccountNumber")),
        reference=transfer.reference,
        amount=transfer.amount,
        incoming=True,
        at=booked_at(data["transactionDateTime"]),
        narrative=words(data.get("description")),
    )
