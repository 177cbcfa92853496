"""VietQR: the payer's own bank application pays straight into the operator's bank account.

Nobody stands between: the code says account, amount and our payment code, and bank feeds
(`payments.providers.feeds`) tell what arrived. One merchant account is one bank account; its
settings are described in `payments.providers.vietqr_account`.

A bank knows only what somebody typed, so most notices name candidates and the books decide. Money
goes back by the operator's payout list; its line is recognised by the refund's code. A credit that
the bank takes back carries no code: only the bank's statement tells of it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import ClassVar, NoReturn

from payments.bank_transfers import occurrences
from payments.codes import refund_code
from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    InvalidNotice,
    MovementFact,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    PayerAccount,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.providers.feeds import FEEDS
from payments.providers.feeds.feed import Entry
from payments.providers.vietqr_account import Payee, feeds_of, required_parts
from payments.providers.wire import GMT7, sha256_hex
from qr.vietqr import TRANSFER_LIMIT

#: A message signed longer ago is stored and settled by asking; one signed so far ahead is refused
#: (SePay: no more than 5 minutes of drift; taken for every feed that signs a time).
REPLAY_WINDOW = timedelta(minutes=5)
#: The payer may be quicker than our clock and the bank's agree.
CLOCKS_DIFFER = timedelta(minutes=5)
log = logging.getLogger(__name__)


class VietqrProvider:
    """Implements `payments.provider.Provider`, `Feed` and `KnowsPayer`."""

    name: ClassVar[str] = "vietqr"
    label: ClassVar[str] = "VietQR bank transfer"
    settings: ClassVar[tuple[str, ...]] = ("bank", "account", "holder", "feeds")
    #: Of any feed; an account has those of its own feeds, as `required_parts` says.
    secret_fields: ClassVar[tuple[str, ...]] = tuple(
        part for feed in FEEDS.values() for part in feed.parts
    )
    methods: ClassVar[Mapping[str, str]] = {"": label}
    hosts: ClassVar[Mapping[str, Hosts]] = {
        "live": Hosts(called=("my.sepay.vn", "oauth.casso.vn")),
        "test": Hosts(called=("my.dev.sepay.vn",)),
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=False,
        statements=False,
        currencies=frozenset({"VND"}),
        transfers=True,
        largest=TRANSFER_LIMIT - 1,
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._payee = Payee(account)
        self._feeds = feeds_of(account, http)
        self._slug = account.slug
        self._clock = clock

    @staticmethod
    def required_parts(settings: Mapping[str, object]) -> tuple[str, ...]:
        """Those of `secret_fields` that an account with these settings must have. Raises
        `WrongUsage` for feeds nobody knows."""
        return required_parts(settings)

    def start(self, order: Order) -> Checkout:
        """Nobody is asked: the same order has the same code for ever."""
        return Checkout(transfer=self._payee.asked(order.code, order.amount))

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        """A line about an account that is not ours is refused, so that a wrong setting is seen on
        both sides; where a feed tells of others as a matter of course it brings nothing."""
        feed = next((feed for feed in self._feeds if feed.recognises(request)), None)
        if feed is None:
            raise InvalidNotice("The notice has the shape of no bank feed of this account.")
        told = feed.read(request)
        now = self._clock()
        signed_at = told.signed_at or now
        if signed_at - now > REPLAY_WINDOW:
            raise InvalidNotice("The notice was signed in the future.")
        if not feed.tells_of_others:
            self._refuse_strangers(told.entries)
        stale = now - signed_at > REPLAY_WINDOW
        return tuple(
            _notice(f"{entry.feed}:{entry.own_id}", entry, stale=stale)
            for entry in self._ours(told.entries)
        )

    def _refuse_strangers(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if not entry.is_for(self._payee.numbers):
                raise InvalidNotice(
                    "The notice is about bank account %(number)s, which is not this account's.",
                    number=entry.account,
                )

    def _ours(self, entries: Sequence[Entry]) -> list[Entry]:
        return [e for e in entries if e.is_for(self._payee.numbers) and e.concerns_us]

    def reply(self, outcome: Outcome) -> Reply:
        """What SePay wants to read; the others are content with the status. What is stored need
        not be sent again, whatever became of it."""
        status = {Outcome.INVALID: 403, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, json.dumps({"success": status == 200}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        """A transfer is claimed for `order` when its text carries this code and no other; where
        more can be read in it, the sweep tells of it and the books decide."""
        if isinstance(order, RefundOrder):
            code, refund_key, payment = refund_code(order.number), order.key, order.payment
            since = order.asked_at
        else:
            code, refund_key, payment, since = order.code, None, order, order.created_at
        movements = self._moved(since - CLOCKS_DIFFER, code)
        said = [f"{fact.rail_ref}:{fact.occurrence}" for fact in movements]
        return Notice(
            key=sha256_hex("|".join(("asked", code, *said)).encode()),
            order_code=payment.code,
            status=Status.PAID if movements else Status.PENDING,
            event_at=max((fact.event_at for fact in movements), default=self._clock()),
            movements=movements,
            refund_key=refund_key,
        )

    def _moved(self, since: datetime, code: str) -> tuple[MovementFact, ...]:
        """What any feed knows under `code` alone: what two feeds tell of is one movement."""
        found: dict[tuple[str, int], MovementFact] = {}
        for entries in self._listings(since):
            for entry, occurrence in _numbered(entries):
                if entry.candidates == (code,):
                    fact = entry.movement(occurrence)
                    found.setdefault((fact.rail_ref, occurrence), fact)
        return tuple(found[key] for key in sorted(found))

    def recent(self, since: datetime) -> Sequence[Notice]:
        """From the beginning of the bank day in which `since` lies, so that equal transfers are
        counted alike every time. Raises `ProviderUnavailable` when no feed answers."""
        begin = datetime.combine(since.astimezone(GMT7).date(), datetime.min.time(), GMT7)
        return [
            _notice(entry.digest(occurrence), entry, occurrence)
            for entries in self._listings(begin)
            for entry, occurrence in _numbered(entries)
        ]

    def _listings(self, since: datetime) -> Iterator[list[Entry]]:
        """Our lines in the list of each feed that has one. A silent feed stops no other; where all
        are, one that may answer later counts for more than one that refused us."""
        askable = [feed for feed in self._feeds if feed.lists]
        silences: list[ProviderUnavailable | ProviderRefused] = []
        for feed in askable:
            try:
                entries = feed.listed(since)
            except (ProviderUnavailable, ProviderRefused) as complaint:
                log.warning("%s says nothing to %s: %s", feed.company, self._slug, complaint)
                silences.append(complaint)
            else:
                yield self._ours(entries)
        if len(silences) == len(askable):
            raise min(silences, key=lambda one: isinstance(one, ProviderRefused))

    def payer(self, raw: bytes) -> PayerAccount | None:
        named = (feed.payer(raw) for feed in self._feeds)
        return next((account for account in named if account), None)

    def refund(self, order: RefundOrder) -> NoReturn:
        raise ProviderRefused(
            "A bank transfer sends no money back by itself: refund %(amount)s of payment %(code)s "
            "goes by the operator's payout list.",
            amount=order.amount, code=order.payment.code,
        )  # fmt: skip

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        """None: the bank's own statement is uploaded."""
        return []


def _numbered(entries: Sequence[Entry]) -> Iterator[tuple[Entry, int]]:
    """The lines of one listing, each with how many of its kind came before it, and it."""
    kinds = (f"{entry.incoming}:{entry.rail_ref}" for entry in entries)
    return zip(entries, occurrences(kinds), strict=True)


def _notice(key: str, entry: Entry, occurrence: int = 1, *, stale: bool = False) -> Notice:
    return Notice(
        key=key,
        order_code=None,
        status=Status.PAID,
        event_at=entry.at,
        movements=(entry.movement(occurrence),),
        candidates=entry.candidates,
        stale=stale,
    )
