"""Stripe's balance as a settlement file: one line for each balance transaction of a day.

Stripe's own reports cut days by UTC; its API lists any span, so these files hold the business day
as our books do, from midnight to midnight in Hanoi.

An account that settles in VND gets gross, fee and net as they were booked, payouts included. One
that settles in another currency (the rule: Stripe opens no account for a Vietnamese firm) gets what
the payer paid or got back as gross, in the payer's currency, with fee 0, because fees are taken in
the settlement currency and the two cannot be added; what was settled stands in words in `text`.
Its payouts, and fees that belong to no payment, are no VND and have no line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from payments.errors import Complaint
from payments.money import format_amount
from payments.provider import Control, InvalidStatement, LineKind, StatementFile, StatementLine
from payments.providers.stripe_objects import code_of, name_of
from payments.providers.wire import GMT7, instant_of_seconds, text, whole

#: The last transactions of a day have come to rest an hour after its end.
READY_AFTER = timedelta(hours=1)
BOOKS = "VND"

#: By the transaction's type. Money a dispute takes or a failed refund brings back is a payment in
#: the other direction, or again; whatever is not named is something else.
KINDS = {
    "charge": LineKind.PAYMENT,
    "payment": LineKind.PAYMENT,
    "refund": LineKind.REFUND,
    "payment_refund": LineKind.REFUND,
    "refund_failure": LineKind.PAYMENT,
    "payment_failure_refund": LineKind.PAYMENT,
    "adjustment": LineKind.PAYMENT,
    "payout": LineKind.PAYOUT,
}

Json = Mapping[str, Any]


def span_of(day: date) -> tuple[datetime, datetime]:
    """The business day `day`, its end excluded."""
    start = datetime.combine(day, time(0), GMT7)
    return start, start + timedelta(days=1)


def is_out(day: date, now: datetime) -> bool:
    return now >= span_of(day)[1] + READY_AFTER


def file_of(slug: str, day: date, transactions: Iterable[Json]) -> StatementFile:
    """The settlement file of `day`; `raw` are the transactions as Stripe listed them, as JSON.
    Raises `InvalidStatement` when one of them cannot be understood."""
    listed = list(transactions)
    name = f"stripe-{slug}-{day.isoformat()}.json"
    try:
        found = tuple(line for entry in listed if (line := line_of(entry)))
    except (KeyError, TypeError, ValueError, Complaint) as reason:
        raise InvalidStatement(
            "%(file)s: %(reason)s. The whole file is refused.",
            file=name, reason=f"{type(reason).__name__} {reason}",
        ) from None  # fmt: skip
    raw = json.dumps(listed, ensure_ascii=False, sort_keys=True).encode()
    return StatementFile(name, day, True, found, Control.over(found), raw, by_payout=False)


def line_of(entry: Json) -> StatementLine | None:
    """The line of one balance transaction whose source was expanded; None for what an account that
    settles in another currency moved in that currency alone."""
    settled = text(entry["currency"]).upper()
    source = entry["source"] if isinstance(entry["source"], Mapping) else {}
    if settled == BOOKS:
        gross, fee, currency, words = whole(entry["amount"]), whole(entry["fee"]), settled, ""
    elif "currency" in source and entry["type"] != "payout":
        # a refund of a few đồng is nothing in cents, so its sign cannot be read off what was settled
        leaves = whole(entry["amount"]) < 0 or KINDS.get(entry["type"]) is LineKind.REFUND
        gross, fee = (-1 if leaves else 1) * whole(source["amount"]), 0
        currency, words = text(source["currency"]).upper(), _settlement(entry, settled)
    else:
        return None
    return StatementLine(
        line_ref=text(entry["id"]),
        kind=KINDS.get(entry["type"], LineKind.OTHER),
        order_code=code_of(source),
        rail_ref=name_of(entry["source"]),
        event_at=instant_of_seconds(entry["created"]),
        gross=gross,
        fee=fee,
        net=gross - fee,
        currency=currency,
        text=words or str(entry["description"] or ""),
    )


def _settlement(entry: Json, currency: str) -> str:
    """What reached the balance, in words."""
    gross, fee, net = (
        format_amount(whole(entry[name]), currency, "en") for name in ("amount", "fee", "net")
    )
    return f"settled {gross}, fee {fee}, net {net}"
