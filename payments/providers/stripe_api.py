"""Stripe's API as our rail uses it: its own client, sent through the house's one outbound door.

The client builds requests and reads answers; where they go, how long they may take and what is
logged is decided by the `http` we were handed. Nothing is repeated in here: every write carries a
key of ours, and what stayed without an answer is asked about later.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import stripe

from payments.errors import WrongUsage
from payments.provider import AccountSettings, Http, Order, ProviderRefused
from payments.providers.wire import address, not_now, sha256_hex

#: The client's release and the account's webhook endpoint must speak the same version.
VERSION = "2026-10-28.endive"
API = "https://api.stripe.com"
COMPANY = "Stripe"
#: Statuses of a no that stays a no; every other one (keys, limits, conflicts, 5xx) may change.
NO = frozenset({400, 402, 404})
PAGE = 100

Json = dict[str, Any]

# the client writes whole addresses and request bodies into its log
logging.getLogger("stripe").setLevel(logging.WARNING)


class Missing(ProviderRefused):
    """Stripe knows no object of that name in this account."""


class HouseHttp(stripe.HTTPClient):
    """The interface Stripe's client sends through, over the house's outbound client."""

    name = "house"

    def __init__(self, http: Http) -> None:
        super().__init__()
        self._http = http

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        body = (post_data or "").encode()
        answer = self._http.request(method.upper(), url, body=body, headers=headers)
        named = {name.lower(): value for name, value in answer.headers.items()}
        return answer.body.decode("utf-8", "replace"), answer.status, named


class StripeApi:
    """The calls of one account. Each raises `Missing`, `ProviderRefused` or `ProviderUnavailable`
    and answers plain mappings, as Stripe's documents show them."""

    def __init__(self, account: AccountSettings, http: Http) -> None:
        key = account.secrets[0]["api_key"]
        if f"_{'test' if account.mode == 'live' else 'live'}_" in key:
            raise WrongUsage(
                "Account %(account)s is in mode %(mode)s, but its key is of the other mode.",
                account=account.slug, mode=account.mode,
            )  # fmt: skip
        base = address(account, "api_url", {account.mode: API})
        client = stripe.StripeClient(
            key,
            stripe_version=VERSION,
            base_addresses={"api": base},
            max_network_retries=0,
            http_client=HouseHttp(http),
        )
        self._v1 = client.v1

    def open_session(self, order: Order, expires_at: datetime) -> Json:
        """A Checkout Session over `order` until `expires_at`; the same one for the same order."""
        ours = {"code": order.code}
        with said():
            made = self._v1.checkout.sessions.create(
                params={
                    "mode": "payment",
                    "line_items": [
                        {
                            "price_data": {
                                "currency": order.currency.lower(),
                                "unit_amount": order.amount,
                                "product_data": {"name": order.description or order.code},
                            },
                            "quantity": 1,
                        }
                    ],
                    "success_url": order.return_url,
                    "cancel_url": order.return_url,
                    "client_reference_id": order.code,
                    "metadata": ours,
                    "payment_intent_data": {"metadata": ours},
                    "expires_at": int(expires_at.timestamp()),
                },
                options={"idempotency_key": f"start-{order.code}"},
            )
        return plain(made)

    def session(self, name: str) -> Json:
        """A session with its payment intent and the charge that went through, if any."""
        with said():
            return plain(
                self._v1.checkout.sessions.retrieve(
                    name, params={"expand": ["payment_intent.latest_charge"]}
                )
            )

    def sessions(self, since: datetime, until: datetime) -> Iterator[Json]:
        """The sessions opened from `since` to `until`, newest first."""
        span: Any = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        with said():
            found = self._v1.checkout.sessions.list(params={"created": span, "limit": PAGE})
            yield from map(plain, found.auto_paging_iter())

    def expire_session(self, name: str) -> None:
        """Close an open session. Raises `ProviderRefused` for one that is not open."""
        with said():
            key = f"expire-{sha256_hex(name.encode())}"
            self._v1.checkout.sessions.expire(name, options={"idempotency_key": key})

    def intent(self, name: str) -> Json:
        """A payment intent with the charge that went through, if any."""
        with said():
            return plain(
                self._v1.payment_intents.retrieve(name, params={"expand": ["latest_charge"]})
            )

    def give_back(self, charge: str, amount: int, ours: dict[str, str], key: str) -> Json:
        """A refund of `amount` of `charge`; `ours` comes back as its metadata."""
        with said():
            made = self._v1.refunds.create(
                params={
                    "charge": charge,
                    "amount": amount,
                    "reason": "requested_by_customer",
                    "metadata": ours,
                },
                options={"idempotency_key": f"refund-{key}"},
            )
        return plain(made)

    def refund(self, name: str) -> Json:
        with said():
            return plain(self._v1.refunds.retrieve(name))

    def refunds(self, charge: str) -> list[Json]:
        """All refunds of a charge, newest first."""
        with said():
            found = self._v1.refunds.list(params={"charge": charge, "limit": PAGE})
            return [plain(one) for one in found.auto_paging_iter()]

    def disputes(self, charge: str) -> list[Json]:
        """All disputes of a charge, newest first."""
        with said():
            found = self._v1.disputes.list(params={"charge": charge, "limit": PAGE})
            return [plain(one) for one in found.auto_paging_iter()]

    def booked(self, since: datetime, before: datetime) -> list[Json]:
        """The balance transactions from `since` until just before `before`, oldest first, each
        with what it is about."""
        span: Any = {"gte": int(since.timestamp()), "lt": int(before.timestamp())}
        with said():
            found = self._v1.balance_transactions.list(
                params={"created": span, "limit": PAGE, "expand": ["data.source"]}
            )
            return [plain(one) for one in found.auto_paging_iter()][::-1]


def plain(thing: stripe.StripeObject) -> Json:
    found: Json = thing.to_dict()
    return found


@contextmanager
def said() -> Iterator[None]:
    """Stripe's errors in the house's words. The client's own text may quote what was sent, so only
    what Stripe says to a person goes on."""
    try:
        yield
    except stripe.StripeError as error:
        if error.http_status not in NO or isinstance(error, stripe.RateLimitError):
            raise not_now(COMPANY, error.http_status) from None
        kind = Missing if error.code == "resource_missing" else ProviderRefused
        raise kind(
            "%(company)s refused: %(reason)s.",
            company=COMPANY,
            reason=str(error.user_message or error.code)[:200].rstrip("."),
        ) from None
