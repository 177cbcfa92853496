"""The way of the sandbox's notices to our door, in the hands of whoever plays the day.

A played notice is kept from the sandbox's own worker: a sandbox process that runs beside us sends
by today's clock and would have the money recorded today. Whether, when and how often it arrives is
the player's to say; a notice that is dropped was lost on the way, as the sandbox knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from payments import web
from payments.accounts import Gateways
from payments.db import Databases
from payments.errors import Complaint
from payments.http import call_wsgi
from payments.provider import ProviderUnavailable
from payments.sandbox.books import Books
from payments.sandbox.models import NoticeRow
from payments.sandbox.signing import notice_headers


@dataclass(frozen=True, slots=True)
class Letter:
    """A notice on its way: which event, to which merchant, in which bytes."""

    event: str
    merchant: str
    body: bytes


class Post:
    """Collects what the sandbox has to say and brings it to our notify door, signed as ever."""

    def __init__(self, books: Books, databases: Databases, gateways: Gateways) -> None:
        self._merchants = books.config.merchants
        self._waiting: list[Letter] = []
        self._door = Flask("door")
        self._door.register_blueprint(web.blueprint(databases, gateways))
        self._door.register_error_handler(Complaint, _refused)
        event.listen(books.db.write, "before_flush", self._hold)

    def _hold(self, tx: Session, _context: Any, _instances: Any) -> None:
        for row in tx.new:
            if isinstance(row, NoticeRow):
                row.next_at = None
                self._waiting.append(Letter(row.event, row.merchant, row.body))

    def collect(self) -> list[Letter]:
        """The notices written since the last time, oldest first."""
        letters, self._waiting = self._waiting, []
        return letters

    def deliver(self, letter: Letter, now: datetime) -> None:
        """Bring one notice to our door. Raises `ProviderUnavailable` when it is not acknowledged."""
        merchant = self._merchants[letter.merchant]
        url = merchant.notify(letter.merchant)
        parts = urlsplit(url)
        headers = notice_headers(letter.event, letter.body, merchant.secrets, now)
        base = f"{parts.scheme}://{parts.netloc}"
        answer = call_wsgi(self._door, base, "POST", url, letter.body, headers)
        if answer.status != 200:
            raise ProviderUnavailable(
                "Our own door answered %(status)s to notice %(event)s.",
                status=answer.status, event=letter.event,
            )  # fmt: skip


def _refused(complaint: Complaint) -> tuple[str, int]:
    return str(complaint), complaint.http_status
