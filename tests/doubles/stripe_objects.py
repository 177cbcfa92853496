"""The shapes of Stripe's objects, as API version 2026-10-28.endive shows them.

Only the fields a merchant of one-off card payments meets; the self-tests hold every field name
against the declarations of the `stripe` package. Amounts are in the minor unit of the currency (VND
has none, section 6.1); instants are whole unix seconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Json = dict[str, Any]

API_VERSION = "2026-10-28.endive"
# fmt: off
ZERO_DECIMAL = frozenset((
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga",
    "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
))
# fmt: on
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def digits(currency: str) -> int:
    return 0 if currency in ZERO_DECIMAL else 2


@dataclass(frozen=True)
class Terms:
    """The contract of the account; the figures are samples, Stripe's differ by country.

    `rate` is how much of the settlement currency one unit of the presentment currency is, in major
    units; the facts do not say whether `exchange_rate` of a zero-decimal currency is in major units,
    we take it so. With `slow_balance` a charge has no balance transaction until `book_charge`.
    """

    settles_in: str = "usd"
    rate: Decimal = Decimal("0.000038")
    fee_basis_points: int = 440
    fee_fixed: int = 30
    minimum: int = 50
    dispute_fee: int = 1500
    delay_seconds: int = 2 * 86_400
    slow_balance: bool = False

    def settled(self, amount: int, currency: str) -> int:
        """`amount` in minor units of the settlement currency."""
        if currency == self.settles_in:
            return amount
        shift = Decimal(10) ** (digits(self.settles_in) - digits(currency))
        return int((amount * self.rate * shift).quantize(Decimal(1), ROUND_HALF_UP))

    def fee(self, settled: int) -> int:
        return (settled * self.fee_basis_points + 5_000) // 10_000 + self.fee_fixed


class Ids:
    """Identifiers like Stripe's, the same again for the same `seed`."""

    def __init__(self, seed: int | None) -> None:
        self._random = random.Random(seed)

    def __call__(self, prefix: str, length: int = 24) -> str:
        return f"{prefix}_{''.join(self._random.choices(ALPHABET, k=length))}"


def listing(data: list[Json], url: str, has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def session(own_id: str, now: int, params: Json, amount: int, currency: str) -> Json:
    """An open Checkout Session; its payment intent comes when somebody tries to pay."""
    email = params.get("customer_email")
    return {
        "id": own_id,
        "object": "checkout.session",
        "amount_subtotal": amount,
        "amount_total": amount,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "created": now,
        "currency": currency,
        "customer": None,
        "customer_details": {"email": email} if email else None,
        "customer_email": email,
        "expires_at": int(params.get("expires_at", now + 86_400)),
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": params["mode"],
        "payment_intent": None,
        "payment_method_collection": "if_required",
        "payment_method_types": params.get("payment_method_types", ["card"]),
        "payment_status": "unpaid",
        "status": "open",
        "submit_type": params.get("submit_type"),
        "success_url": params.get("success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
    }


def payment_intent(own_id: str, now: int, of: Json, data: Json) -> Json:
    """`of` is the session; `data` its payment_intent_data."""
    return {
        "id": own_id,
        "object": "payment_intent",
        "amount": of["amount_total"],
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": f"{own_id}_secret_double",
        "confirmation_method": "automatic",
        "created": now,
        "currency": of["currency"],
        "customer": None,
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": data.get("metadata", {}),
        "next_action": None,
        "payment_method": None,
        "payment_method_types": of["payment_method_types"],
        "processing": None,
        "receipt_email": data.get("receipt_email"),
        "statement_descriptor": data.get("statement_descriptor"),
        "status": "requires_payment_method",
    }


def charge(own_id: str, now: int, intent: Json, card: Json) -> Json:
    """A charge that went through; a failed one is changed from it."""
    return {
        "id": own_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": True,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "outcome": {"network_status": "approved_by_network", "type": "authorized"},
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": None,
        "payment_method_details": {"type": "card", "card": card},
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded",
    }


def refund(own_id: str, now: int, of: Json, amount: int, params: Json) -> Json:
    """`of` is the charge."""
    return {
        "id": own_id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": of["id"],
        "created": now,
        "currency": of["currency"],
        "destination_details": {"type": "card", "card": {"type": "refund"}},
        "metadata": params.get("metadata", {}),
        "payment_intent": of["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "status": "pending",
    }


def dispute(own_id: str, now: int, of: Json, amount: int, reason: str) -> Json:
    return {
        "id": own_id,
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": of["id"],
        "created": now,
        "currency": of["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {},
        "evidence_details": {
            "due_by": now + 7 * 86_400,
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10.4",
        "payment_intent": of["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }


def payout(own_id: str, now: int, amount: int, currency: str) -> Json:
    return {
        "id": own_id,
        "object": "payout",
        "amount": amount,
        "arrival_date": now,
        "automatic": True,
        "balance_transaction": None,
        "created": now,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": "ba_double",
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "type": "bank_account",
    }


def event(own_id: str, now: int, kind: str, of: Json, request: Json) -> Json:
    return {
        "id": own_id,
        "object": "event",
        "api_version": API_VERSION,
        "created": now,
        "data": {"object": of},
        "livemode": False,
        "pending_webhooks": 1,
        "request": request,
        "type": kind,
    }
