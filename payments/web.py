"""The one door providers knock on: ``/payments/<account>/notify``.

The signature is checked on the raw bytes before anything is parsed. Every outcome has the answer
the provider expects, a forgery and a database that is away included: it stops or comes back.
"""

from __future__ import annotations

import logging
from datetime import datetime
from time import monotonic

from flask import Blueprint, Response, abort, request
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from payments.accounts import Gateways, known_account
from payments.db import Databases
from payments.models import MerchantAccount
from payments.provider import InvalidNotice, NoticeRequest, Outcome, Provider
from payments.service import record

log = logging.getLogger(__name__)

#: No provider's notice comes near this; more is refused before it is read.
LARGEST_NOTICE = 256 * 1024

#: Of several outcomes in one message, the first of these is answered.
URGENCY = (
    Outcome.WRONG_AMOUNT,
    Outcome.UNKNOWN_PAYMENT,
    Outcome.DEFERRED,
    Outcome.APPLIED,
    Outcome.REPEATED,
)


def notify_path(slug: str) -> str:
    """Path of the notify address of the merchant account `slug`."""
    return f"/payments/{slug}/notify"


def notify_address(public_url: str, slug: str) -> str:
    """The whole notify address of `slug`, as it is registered with a provider."""
    return public_url + notify_path(slug)


class Accounts:
    """The merchant accounts that notices name and the providers behind them, each remembered for a
    second: asking for them anew and opening their secrets took a fifth of a notice's time. A rotated
    secret is known as much later, and both are good by then."""

    def __init__(self, databases: Databases, gateways: Gateways, seconds: int) -> None:
        self._databases = databases
        self._gateways = gateways
        self._seconds = seconds
        self._held: dict[str, tuple[int, MerchantAccount, Provider]] = {}

    def named(self, slug: str) -> tuple[MerchantAccount, Provider]:
        """The account `slug` and its provider. Raises `NotFound` and `WrongMode`."""
        second = int(monotonic())
        held = self._held.get(slug)
        if held is not None and second - held[0] < self._seconds:
            return held[1:]
        with self._databases.ask() as tx:
            account = known_account(tx, slug)
        provider = self._gateways.provider(account)
        self._held[slug] = second, account, provider
        return account, provider


def blueprint(databases: Databases, gateways: Gateways, *, remember: int = 1) -> Blueprint:
    """The door, bound to the databases and the providers behind it. Accounts are remembered for
    `remember` seconds; 0 asks for them with every notice."""
    door = Blueprint("payments", __name__)
    accounts = Accounts(databases, gateways, remember)

    @door.route("/payments/<slug>/notify", methods=["GET", "POST"])
    def notify(slug: str) -> Response:
        account, provider = accounts.named(slug)
        arrived, now = _as_it_arrived(), gateways.clock()
        outcome = _outcome(databases.write, account, provider, arrived, now)
        log.info("notice from %s: %s", account.slug, outcome)
        reply = provider.reply(outcome)
        return Response(reply.body, reply.status, content_type=reply.content_type)

    return door


def _as_it_arrived() -> NoticeRequest:
    if (request.content_length or 0) > LARGEST_NOTICE:
        abort(413)
    body = request.stream.read(LARGEST_NOTICE + 1)
    if len(body) > LARGEST_NOTICE:
        abort(413)
    query = request.query_string.decode("ascii", "replace")
    return NoticeRequest(request.method, query, dict(request.headers), body)


def _outcome(
    db: sessionmaker[Session],
    account: MerchantAccount,
    provider: Provider,
    arrived: NoticeRequest,
    now: datetime,
) -> Outcome:
    """What became of a message. Several notices in one are recorded together; the answer is the
    most urgent of theirs. A provider may ask back between verifying and recording: nothing is open."""
    try:
        notices = provider.parse_notice(arrived)
    except InvalidNotice as refusal:
        log.warning("a notice to %s was refused: %s", account.slug, refusal)
        return Outcome.INVALID
    raw = arrived.body or arrived.query.encode()  # some rails say everything in a GET's query
    try:
        with db.begin() as tx:
            outcomes = [
                record(tx, account, told, now, source="webhook", raw=raw).outcome
                for told in notices
            ]
    except (OperationalError, InterfaceError):
        log.exception("a notice to %s could not be stored", account.slug)
        return Outcome.FAILED
    return min(outcomes, key=URGENCY.index, default=Outcome.REPEATED)
