"""Stripe, as far as a merchant of one-off Checkout payments meets it (section 6, API 2026-10-28).

Speaks to the `stripe` package: `StripeClient(key, base_addresses={"api": double.base_url})`. Object
shapes and error texts are general knowledge of the public API where the facts are silent; acts are
named after what people and banks do and take Stripe's own ids (`cs_…`, `ch_…`, `re_…`, `du_…`).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from werkzeug.wrappers import Request

from tests.doubles import stripe_balance as balance
from tests.doubles import stripe_checkout as checkout
from tests.doubles.base import Answer, Handler
from tests.doubles.hosted import dong, hosted_page, to_merchant
from tests.doubles.outbox import Message, Notice
from tests.doubles.stripe_api import StripeApi
from tests.doubles.stripe_objects import Json, Terms

BUTTONS = {
    "pay": "Thanh toán / Pay",
    "decline": "Thẻ bị từ chối / Card declined",
    "pay_later": "Trả chậm / Delayed payment",
    "cancel": "Quay lại / Back",
}
STATES = {
    "complete": "Đã thanh toán / Paid",
    "expired": "Đã hết hạn / Expired",
    "open": "Chờ thanh toán / Waiting",
}


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

    def __init__(
        self,
        api_key: str,
        secrets: Sequence[str],
        *,
        webhook_url: str = "",
        terms: Terms = Terms(),  # noqa: B008  (frozen)
        enabled_events: Sequence[str] = (),
        seed: int | None = None,
        port: int = 0,
        clock: Callable[[], datetime] | None = None,
        automatic: bool = False,
    ) -> None:
        super().__init__(
            api_key, terms=terms, seed=seed, port=port, clock=clock, automatic=automatic
        )
        self.secrets = list(secrets)
        self.webhook_url = webhook_url
        self.enabled_events = enabled_events

    def routes(self) -> dict[str, Handler]:
        return super().routes() | {
            "GET /c/pay/<own_id>": self._page,
            "POST /c/pay/<own_id>": self._pressed,
        }

    # What payers do

    def session(self, own_id: str) -> Json:
        """The live record of a Checkout Session."""
        self.ripen()
        return self.store.get("checkout.session", own_id)

    def pay(self, own_id: str, *, card: Json = checkout.CARD) -> Json:
        """The payer pays session `own_id` by card; the charge."""
        with self.lock:
            return checkout.pay(self.store, self.session(own_id), self.intent_data[own_id], card)

    def decline(self, own_id: str, *, code: str = "insufficient_funds") -> Json:
        """The issuer refuses the payer's card; the failed charge. The session stays open."""
        with self.lock:
            session = self.session(own_id)
            data = self.intent_data[own_id]
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
        if self.webhook_url and (not self.enabled_events or event["type"] in self.enabled_events):
            self.send_event(event)

    def send_event(self, event: Json) -> Notice:
        """Put an event (again) on its way; each attempt is signed at its own time."""
        return self.outbox.post(event["type"], lambda now: self.message(event, now))

    def message(self, event: Json, at: datetime) -> Message:
        """The signed webhook, indented as Stripe sends it: only the raw bytes can be verified."""
        body = json.dumps(event, indent=2).encode()
        signed = header(self.secrets, int(at.timestamp()), body)
        headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signed}
        return Message("POST", self.webhook_url, headers, body)

    # The hosted page

    def _page(self, request: Request, own_id: str) -> Answer:
        session = self.session(own_id)
        amount, currency = session["amount_total"], session["currency"]
        shown = dong(amount) if currency == "vnd" else f"{amount} {currency.upper()}"
        facts = {"Mã / Reference": session["client_reference_id"] or own_id}
        if session["status"] != "open":
            return hosted_page("Stripe", shown, facts | {"": STATES[session["status"]]}, {})
        return hosted_page("Stripe", shown, facts, BUTTONS)

    def _pressed(self, request: Request, own_id: str) -> Answer:
        act, session = request.form["act"], self.session(own_id)
        if session["status"] != "open" or act == "decline":
            if session["status"] == "open":
                self.decline(own_id)
            return self._page(request, own_id)
        if act in ("pay", "pay_later"):
            getattr(self, act)(own_id)
            return to_merchant(session["success_url"].replace("{CHECKOUT_SESSION_ID}", own_id))
        return to_merchant(session["cancel_url"] or session["success_url"])
