"""Stripe's own client, pointed at the double: shared by its self-tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import stripe

from tests.doubles.stripe import StripeDouble
from tests.doubles.stripe_objects import API_VERSION

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
KEY, SECRET, OLD = "sk_test_double_0001", "whsec_new", "whsec_old"


def client_of(double: StripeDouble, key: str = KEY, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": double.base_url},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=5),
    )


def params(amount: int = 300_000, **more: Any) -> Any:
    line = {
        "price_data": {
            "currency": "vnd",
            "unit_amount": amount,
            "product_data": {"name": "Vé tháng"},
        },
        "quantity": 1,
    }
    return {
        "mode": "payment",
        "line_items": [line],
        "success_url": "http://127.0.0.1:9/back?cs={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:9/cancelled",
        "client_reference_id": "PKX7Q2M9RA",
        "metadata": {"payment": "p-1"},
        "payment_intent_data": {"metadata": {"payment": "p-1"}},
    } | more


def create(client: stripe.StripeClient, amount: int = 300_000, key: str = "", **more: Any) -> Any:
    options: Any = {"idempotency_key": key} if key else {}
    return client.v1.checkout.sessions.create(params=params(amount, **more), options=options)
