"""Stripe's money: balance transactions, refunds, disputes and payouts (sections 6.4 and 6.6)."""

from __future__ import annotations

from tests.doubles import stripe_objects as shapes
from tests.doubles.stripe_errors import Refused
from tests.doubles.stripe_objects import Json
from tests.doubles.stripe_store import Store

REASONS = ("duplicate", "fraudulent", "requested_by_customer")

#: type → reporting_category, where they differ.
CATEGORIES = {
    "adjustment": "dispute",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
}


def stripe_fee(amount: int, currency: str) -> Json:
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": "Stripe processing fees",
        "type": "stripe_fee",
    }


def book(
    store: Store,
    kind: str,
    source: Json,
    amount: int,
    fee: int = 0,
    *,
    category: str = "",
    description: str | None = None,
) -> Json:
    """A balance transaction over `amount` in minor units of the source's currency."""
    terms, now = store.terms, store.seconds()
    foreign = source["currency"] != terms.settles_in
    settled = terms.settled(amount, source["currency"])
    return store.add(
        {
            "id": store.ids("txn"),
            "object": "balance_transaction",
            "amount": settled,
            "available_on": now + terms.delay_seconds,
            "balance_type": "payments",
            "created": now,
            "currency": terms.settles_in,
            "description": description,
            "exchange_rate": float(terms.rate) if foreign else None,
            "fee": fee,
            "fee_details": [stripe_fee(fee, terms.settles_in)] if fee else [],
            "net": settled - fee,
            "reporting_category": category or CATEGORIES.get(kind, kind),
            "source": source["id"],
            "status": "pending" if terms.delay_seconds else "available",
            "type": kind,
        }
    )


def book_charge(store: Store, charge: Json) -> Json:
    """The charge reaches the balance, less Stripe's fee."""
    fee = store.terms.fee(store.terms.settled(charge["amount"], charge["currency"]))
    transaction = book(store, "charge", charge, charge["amount"], fee)
    charge["balance_transaction"] = transaction["id"]
    return transaction


def to_refund(charge: Json, params: Json) -> int:
    """How much a refund takes; refused when the charge does not hold it."""
    rest = charge["amount"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise Refused(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )
    if not charge["paid"]:
        raise Refused(f"Charge {charge['id']} was not paid; it cannot be refunded.")
    if rest == 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    amount = int(params.get("amount", rest))
    if amount < 1:
        raise Refused("Invalid positive integer", code="parameter_invalid_integer", param="amount")
    if amount > rest:
        raise Refused(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({rest})",
            param="amount",
        )
    return amount


def refund(store: Store, charge: Json, params: Json, status: str) -> Json:
    """Partial or whole; Stripe's fee stays with Stripe. `status` is pending or succeeded. The facts
    do not say when a pending one leaves the balance: here once it succeeds."""
    if params.get("reason", REASONS[0]) not in REASONS:
        raise Refused(f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason")
    amount = to_refund(charge, params)
    made = store.add(shapes.refund(store.ids("re"), store.seconds(), charge, amount, params))
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    if status == "succeeded":
        leave(store, made)
    store.emit("refund.created", made)
    store.emit("charge.refunded", charge)
    return made


def leave(store: Store, made: Json) -> None:
    """The money of a refund is on its way to the card."""
    made["balance_transaction"] = book(store, "refund", made, -made["amount"])["id"]
    made["status"] = "succeeded"


def finish_refund(store: Store, made: Json) -> None:
    leave(store, made)
    store.emit("refund.updated", made)


def fail_refund(store: Store, made: Json, reason: str) -> None:
    """Money that had left comes back to the balance as a transaction of its own."""
    charge = store.get("charge", made["charge"])
    if made["balance_transaction"]:
        back = book(store, "refund_failure", made, made["amount"])
        made["failure_balance_transaction"] = back["id"]
    made |= {"status": "failed", "failure_reason": reason}
    charge["amount_refunded"] -= made["amount"]
    charge["refunded"] = False
    store.emit("refund.updated", made)
    store.emit("refund.failed", made)


def dispute(store: Store, charge: Json, amount: int, reason: str) -> Json:
    """Amount and fee leave the balance at once."""
    made = store.add(shapes.dispute(store.ids("du"), store.seconds(), charge, amount, reason))
    charge["disputed"] = True
    words = f"Chargeback withdrawal for {charge['id']}"
    taken = book(store, "adjustment", made, -amount, store.terms.dispute_fee, description=words)
    store.emit("charge.dispute.created", made)
    made["balance_transactions"].append(dict(taken))
    store.emit("charge.dispute.funds_withdrawn", made)
    return made


def answer_dispute(store: Store, made: Json) -> None:
    made["status"] = "under_review"
    made["evidence_details"] |= {"has_evidence": True, "submission_count": 1}
    store.emit("charge.dispute.updated", made)


def close_dispute(store: Store, made: Json, won: bool) -> None:
    """Won: amount and fee come back."""
    made["status"] = "won" if won else "lost"
    store.emit("charge.dispute.closed", made)
    if won:
        words = f"Chargeback reversal for {made['charge']}"
        back = book(
            store,
            "adjustment",
            made,
            made["amount"],
            -store.terms.dispute_fee,
            category="dispute_reversal",
            description=words,
        )
        made["balance_transactions"].append(dict(back))
        store.emit("charge.dispute.funds_reinstated", made)


def ripen(store: Store) -> None:
    """Pending transactions become available when their time has come."""
    now = store.seconds()
    for transaction in store.all("balance_transaction"):
        if transaction["status"] == "pending" and transaction["available_on"] <= now:
            transaction["status"] = "available"


def pay_out(store: Store, members: dict[str, str]) -> Json | None:
    """All that is available and not yet paid out goes to the bank; nothing when it sums below 1.

    `members` is transaction → payout, by which `balance_transactions.list(payout=…)` asks.
    """
    ripen(store)
    ready = [
        t
        for t in store.all("balance_transaction")
        if t["status"] == "available" and t["id"] not in members
    ]
    amount = sum(t["net"] for t in ready)
    if amount < 1:
        return None
    now, currency = store.seconds(), store.terms.settles_in
    made = store.add(shapes.payout(store.ids("po"), now, amount, currency))
    own = book(store, "payout", made, -amount, description="STRIPE PAYOUT")
    own |= {"status": "available", "available_on": now}
    made["balance_transaction"] = own["id"]
    members |= {t["id"]: made["id"] for t in [*ready, own]}
    for kind in ("payout.created", "payout.paid", "payout.reconciliation_completed"):
        store.emit(kind, made)
    return made


def fail_payout(store: Store, made: Json, code: str) -> None:
    """The bank sent it back: a transaction of its own returns it to the balance."""
    back = book(store, "payout_failure", made, made["amount"])
    made |= {
        "status": "failed",
        "failure_code": code,
        "failure_message": "The bank could not process this payout.",
        "failure_balance_transaction": back["id"],
    }
    store.emit("payout.failed", made)
