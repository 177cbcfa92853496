"""Stripe, as far as a merchant of one-off Checkout payments meets it (section 6, API 2026-10-28).

Speaks to the `stripe` package: `StripeClient(key, base_addresses={"api": double.base_url})`. Object
shapes and error texts are general knowledge of the public API where the facts are silent; acts are
named after what people and banks do and take Stripe's own ids (`cs_…`, `ch_…`, `re_…`, `du_…`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Unpack

from tests.doubles import stripe_balance as balance
from tests.doubles import stripe_checkout as checkout
from tests.doubles.base import Options
from tests.doubles.outbox import Message, Notice
from tests.doubles.page import LATE, Shown
from tests.doubles.stripe_api import StripeApi
from tests.doubles.stripe_objects import Json, Terms


def signature(secret: str, at: int, body: bytes) -> str:
    """v1: HMAC-SHA256 over `t.body`; the secret as it is, with its `whsec_` (section 6.3)."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(secrets: Sequence[str], at: int, body: bytes) -> str:
    """One v1 for each secret: while a secret is rolled, the old one signs too."""
    signed = [f"v1={signature(secret, at, body)}" for secret in secrets]
    return ",".join([f"t={at}", *signed, f"v0={'0' * 64}"])


class StripeDouble(StripeApi):
    """One Stripe account with one webhook endpoint.

    `secrets` are the endpoint's signing secrets (two during a roll). With `enabled_events`, only
    these types are sent. `seed` makes ids repeatable.
    """

    brand = "Stripe"

    def __init__(
        self,
        api_key: str,
        secrets: Sequence[str],
        *,
        notify_url: str = "",
        terms: Terms = Terms(),  # noqa: B008  (frozen)
        enabled_events: Sequence[str] = (),
        seed: int | None = None,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(api_key, terms=terms, seed=seed, **options)
        self._left: set[str] = set()
        self.secrets = list(secrets)
        self.notify_url = notify_url
        self.enabled_events = enabled_events

    # What payers do

    def session(self, own_id: str) -> Json:
        """The live record of a Checkout Session."""
        self.ripen()
        return self.store.get("checkout.session", own_id)

    def pay(
        self, reference: str, *, at: datetime | None = None, card: Json = checkout.CARD
    ) -> Json:
        """The payer pays session `reference` by card (at Stripe's time `at`); the charge."""
        with self.lock:
            session = self.session(reference)
            try:
                self.moment = at
                return checkout.pay(self.store, session, self.intent_data[reference], card)
            finally:
                self.moment = None

    def decline(self, reference: str, *, code: str = "insufficient_funds") -> Json:
        """The issuer refuses the payer's card; the failed charge. The session stays open."""
        with self.lock:
            session = self.session(reference)
            data = self.intent_data[reference]
            return checkout.decline(self.store, session, data, code, checkout.CARD)

    def pay_later(self, own_id: str) -> None:
        """A delayed method: session complete and unpaid, until `arrive` or `fail`."""
        with self.lock:
            checkout.pay_later(self.store, self.session(own_id), self.intent_data[own_id])

    def arrive(self, own_id: str) -> Json:
        """The money of a delayed payment is here; the charge."""
        with self.lock:
            return checkout.arrive(self.store, self.session(own_id))

    def fail(self, own_id: str) -> None:
        """The money of a delayed payment will not come."""
        with self.lock:
            checkout.fail(self.store, self.session(own_id))

    def expire(self, own_id: str) -> None:
        with self.lock:
            checkout.expire(self.store, self.session(own_id))

    # What Stripe and the banks do

    def book_charge(self, charge_id: str) -> Json:
        """The late balance transaction of a charge, under `Terms(slow_balance=True)`."""
        with self.lock:
            charge = self.store.get("charge", charge_id)
            booked = balance.book_charge(self.store, charge)
            self.store.emit("charge.updated", charge)
            return booked

    def refund(self, charge_id: str, amount: int | None = None) -> Json:
        """A refund made by hand in Stripe's dashboard, which our side did not ask for."""
        with self.lock:
            params: Json = {} if amount is None else {"amount": amount}
            charge = self.store.get("charge", charge_id)
            return balance.refund(self.store, charge, params, self.refunds_become)

    def finish_refund(self, refund_id: str) -> None:
        with self.lock:
            balance.finish_refund(self.store, self.store.get("refund", refund_id))

    def fail_refund(self, refund_id: str, *, reason: str = "expired_or_canceled_card") -> None:
        """The card's bank sent the refund back, possibly after it had succeeded."""
        with self.lock:
            balance.fail_refund(self.store, self.store.get("refund", refund_id), reason)

    def dispute(
        self, charge_id: str, *, amount: int | None = None, reason: str = "fraudulent"
    ) -> Json:
        """The card holder disputes the charge: the money leaves at once, with a fee."""
        with self.lock:
            charge = self.store.get("charge", charge_id)
            return balance.dispute(self.store, charge, amount or charge["amount"], reason)

    def answer_dispute(self, dispute_id: str) -> None:
        """The merchant sent evidence."""
        with self.lock:
            balance.answer_dispute(self.store, self.store.get("dispute", dispute_id))

    def close_dispute(self, dispute_id: str, *, won: bool) -> None:
        with self.lock:
            balance.close_dispute(self.store, self.store.get("dispute", dispute_id), won)

    def pay_out(self) -> Json | None:
        """An automatic payout of all that is available; None when that is nothing."""
        with self.lock:
            return balance.pay_out(self.store, self.paid_out)

    def fail_payout(self, payout_id: str, *, code: str = "account_closed") -> None:
        with self.lock:
            balance.fail_payout(self.store, self.store.get("payout", payout_id), code)

    # Webhooks

    def tell(self, event: Json) -> None:
        if self.notify_url and (not self.enabled_events or event["type"] in self.enabled_events):
            self.send_event(event)

    def send_event(self, event: Json) -> Notice:
        """Put an event (again) on its way; each attempt is signed at its own time."""
        return self.outbox.post(event["type"], lambda now: self.message(event, now))

    def message(self, event: Json, at: datetime) -> Message:
        """The signed webhook, indented as Stripe sends it: only the raw bytes can be verified."""
        body = json.dumps(event, indent=2).encode()
        signed = header(self.secrets, int(at.timestamp()), body)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
        return Message("POST", self.notify_url, headers, body)

    # The hosted page

    def shown(self, reference: str) -> Shown:
        if reference not in self.intent_data:
            raise KeyError(reference)
        session = self.session(reference)
        return Shown(
            payee=session["metadata"].get("payee", "Checkout"),
            amount=session["amount_total"],
            description=session["client_reference_id"] or "",
            reference=reference[:20],
            until=datetime.fromtimestamp(session["expires_at"], UTC),
            open=session["status"] == "open",
        )

    def back(self, reference: str) -> str | None:
        """To success once complete, to cancel for who gave up; who was declined stays."""
        session = self.session(reference)
        if session["status"] == "complete":
            return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", reference)
        if reference in self._left or session["status"] == "expired":
            self._left.discard(reference)
            return session["cancel_url"] and str(session["cancel_url"])
        return None

    def cancel(self, reference: str) -> None:
        """The payer goes back to the merchant; the session stays open and can still be paid."""
        self._left.add(reference)

    def pay_late(self, reference: str) -> datetime:
        """No session is paid after its end: a delayed method, whose money comes `LATE` from now."""
        self.pay_later(reference)
        moment = self.now + LATE
        self.at(moment, lambda: self.arrive(reference))
        return moment
