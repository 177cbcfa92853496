"""Stripe: hosted Checkout for cards, by full redirect. For monthly passes and foreign cards.

The account's secret has an `api_key` and the `webhook_secret` of its endpoint, which must speak the
API version in `stripe_api.VERSION` and be told of `stripe_events.EVENTS`. No setting is needed;
`api_url` is for another address of the API.

A charge must be worth half a dollar when it is settled: 15,000 VND is the smallest amount we ever
ask for, whatever Stripe would take; a merchant account's own `least` can only be more. A session
lives at least half an hour and our quotes do not, so `cancel` closes it when ours ran out.
An event only says that something happened: its object is asked for again before anything is said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import ClassVar

from payments.provider import (
    AccountSettings,
    Capabilities,
    Checkout,
    Clock,
    Hosts,
    Http,
    InvalidNotice,
    Notice,
    NoticeRequest,
    Order,
    Outcome,
    ProviderRefused,
    ProviderUnavailable,
    RefundOrder,
    Reply,
    StatementFile,
    Status,
)
from payments.providers.stripe_api import COMPANY, Json, Missing, StripeApi
from payments.providers.stripe_events import EVENTS, TOLERANCE, Event, read_event, signed_at
from payments.providers.stripe_notices import (
    believable,
    of_refund,
    of_session,
    of_thing,
)
from payments.providers.stripe_objects import code_of, refund_key_of
from payments.providers.stripe_statement import file_of, is_out, span_of
from payments.providers.wire import (
    reading_answer,
    reading_notice,
    sha256_hex,
    text,
    unreadable,
    web_address,
)

#: Stripe wants 30 minutes to 24 hours from when it hears of a session, also when it hears late.
LEAST_LIFE, MOST_LIFE = timedelta(hours=1), timedelta(hours=23)
#: How far around an order its session is looked for when the answer that named it was lost.
AROUND = timedelta(minutes=5)
LIVE_HERE = Hosts(called=("api.stripe.com",), visited=("checkout.stripe.com",))


class StripeProvider:
    """Implements `payments.provider.Provider` and `Cancels`."""

    name: ClassVar[str] = "stripe"
    label: ClassVar[str] = "Stripe"
    settings: ClassVar[tuple[str, ...]] = ()
    secret_fields: ClassVar[tuple[str, ...]] = ("api_key", "webhook_secret")
    methods: ClassVar[Mapping[str, str]] = {"": "Visa, Mastercard (Stripe)"}
    hosts: ClassVar[Mapping[str, Hosts]] = {"test": LIVE_HERE, "live": LIVE_HERE}
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True,
        statements=True,
        currencies=frozenset({"VND"}),
        smallest=15_000,
        largest=99_999_999,
        statement_due_minutes=120,
    )

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._api = StripeApi(account, http)
        self._secrets = tuple(parts["webhook_secret"] for parts in account.secrets)
        self._live = account.mode == "live"
        self._slug = account.slug
        self._clock = clock

    def start(self, order: Order) -> Checkout:
        if order.amount < self.capabilities.smallest:
            raise ProviderRefused(
                "Stripe takes no payment of less than %(least)s.", least=self.capabilities.smallest
            )
        until = max(order.expires_at, order.created_at + LEAST_LIFE)
        session = self._api.open_session(order, min(until, order.created_at + MOST_LIFE))
        with reading_answer(COMPANY):
            if code_of(session) != order.code:
                raise ValueError("another order's session")
            return Checkout(web_address(session["url"]), text(session["id"]))

    def parse_notice(self, request: NoticeRequest) -> tuple[Notice, ...]:
        """Raises `ProviderUnavailable` when Stripe does not say what became of an object of which
        nothing else tells which payment it is about: it then sends the event again."""
        signed = signed_at(request, self._secrets, self._clock())
        event = read_event(request, live=self._live)
        if event.type not in EVENTS:
            return ()
        stale = self._clock() - signed > TOLERANCE
        try:
            told = self._now_of(event)
        except Missing:
            raise InvalidNotice("The notice is about nothing of this account.") from None
        except ProviderUnavailable as silence:
            return (_unsaid(event, silence),)
        return (replace(told, stale=stale),) if told else ()

    def _now_of(self, event: Event) -> Notice | None:
        """What the object of an event is now; None for one that cannot be ours."""
        if event.kind == "checkout.session":
            return of_session(self._api, self._api.session(event.name), event.key)
        if event.kind != "refund":
            return of_thing(self._api, event.thing, event.key)
        refund = self._api.refund(event.name)
        if refund_key_of(refund):
            return of_refund(refund, event.key)
        return of_thing(self._api, refund, event.key)

    def reply(self, outcome: Outcome) -> Reply:
        """Any 2xx ends it; everything else comes again for three days."""
        status = {Outcome.INVALID: 400, Outcome.FAILED: 503}.get(outcome, 200)
        return Reply(status, json.dumps({"received": status == 200}))

    def fetch(self, order: Order | RefundOrder) -> Notice:
        if isinstance(order, RefundOrder):
            return self._refund_again(order)
        session = self._session_of(order)
        if session is None:  # the request that opens it may still be on its way
            key = sha256_hex(f"unknown|{order.code}".encode())
            return Notice(key, order.code, Status.UNKNOWN, self._clock())
        return of_session(self._api, session)

    def _session_of(self, order: Order) -> Json | None:
        """The session of an order: by its name or, where the answer that named it was lost, among
        those opened around then, because Stripe cannot be asked by our code."""
        name = order.provider_ref
        if name is None:
            opened = self._api.sessions(order.created_at - AROUND, order.expires_at + AROUND)
            named = (text(one["id"]) for one in opened if code_of(one) == order.code)
            with believable():
                name = next(named, None)
        if name is None:
            return None
        session = self._api.session(name)
        if code_of(session) != order.code:
            raise unreadable(COMPANY)
        return session

    def cancel(self, order: Order) -> Notice:
        """Close the session. An expired one cannot be paid any more, so it is told as cancelled."""
        session = self._session_of(order)
        if session and session["status"] == "open":
            with suppress(ProviderRefused):  # it was paid or ended meanwhile, as is told next
                self._api.expire_session(session["id"])
        told = self.fetch(order)
        return replace(told, status=Status.CANCELLED) if told.status is Status.EXPIRED else told

    def refund(self, order: RefundOrder) -> Notice:
        ours = {"code": order.payment.code, "refund_key": order.key}
        made = self._api.give_back(_charge_of(order), order.amount, ours, order.key)
        return _about(order, of_refund(made))

    def _refund_again(self, order: RefundOrder) -> Notice:
        """How a refund stands; one Stripe never heard of is asked for again. Its list is sure to
        name what was done, also when the key was forgotten after a day."""
        for one in self._api.refunds(_charge_of(order)):
            if refund_key_of(one) == order.key:
                return _about(order, of_refund(one))
        try:
            return self.refund(order)
        except ProviderRefused:
            key, code = sha256_hex(f"refused|{order.key}".encode()), order.payment.code
            return Notice(key, code, Status.FAILED, self._clock(), refund_key=order.key)

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        days = (since + timedelta(days=n) for n in range((until - since).days + 1))
        return [
            file_of(self._slug, day, self._api.booked(*span_of(day)))
            for day in days
            if is_out(day, self._clock())
        ]


def _unsaid(event: Event, silence: ProviderUnavailable) -> Notice:
    """An event whose object Stripe does not show now: stored without its money and asked about
    soon, where it says itself which payment it is about; otherwise Stripe has to come again."""
    with reading_notice():
        code, refund = code_of(event.thing), refund_key_of(event.thing)
    if code is None:
        raise silence
    return Notice(event.key, code, Status.PENDING, event.created, refund_key=refund, stale=True)


def _charge_of(order: RefundOrder) -> str:
    """The charge whose money goes back. Raises `ProviderRefused` for money that came back to us
    by a dispute or a refund: that is given back by hand."""
    found = order.receipt_ref or ""
    if not found.startswith(("ch_", "py_")):
        raise ProviderRefused("No card payment is known that could be given back.")
    return found


def _about(order: RefundOrder, told: Notice) -> Notice:
    if (told.order_code, told.refund_key) != (order.payment.code, order.key):
        raise unreadable(COMPANY)
    return told
