"""Checkout Sessions and what payers do with them (section 6.2)."""

from __future__ import annotations

from tests.doubles import stripe_balance as balance
from tests.doubles import stripe_objects as shapes
from tests.doubles.stripe_errors import Refused, invalid, required, unknown
from tests.doubles.stripe_objects import Json
from tests.doubles.stripe_store import Store

#: What a merchant may send to create a session of one-off payments; anything else is refused.
PARAMETERS = frozenset(
    [
        "mode",
        "line_items",
        "success_url",
        "cancel_url",
        "client_reference_id",
        "metadata",
        "payment_intent_data",
        "expires_at",
        "locale",
        "customer_email",
        "submit_type",
        "payment_method_types",
        "expand",
    ]
)
HALF_HOUR, DAY = 1_800, 86_400
LARGEST = 99_999_999

CARD = {"brand": "visa", "country": "US", "funding": "credit", "last4": "4242"}


def line_amount(item: Json, at: int) -> tuple[int, str]:
    param = f"line_items[{at}][price_data]"
    price = item.get("price_data")
    if not isinstance(price, dict):
        raise required(param)
    for name in ("currency", "unit_amount", "product_data"):
        if name not in price:
            raise required(f"{param}[{name}]")
    if not str(price["unit_amount"]).isdigit():
        raise Refused(
            f"Invalid integer: {price['unit_amount']}",
            code="parameter_invalid_integer",
            param=f"{param}[unit_amount]",
        )
    return int(price["unit_amount"]) * int(item.get("quantity", 1)), price["currency"].lower()


def total(params: Json, store: Store) -> tuple[int, str]:
    """The sum of the lines and their one currency; the minimum is of the settlement currency."""
    lines = [line_amount(item, at) for at, item in enumerate(params.get("line_items") or [])]
    if not lines:
        raise required("line_items")
    if len({currency for _, currency in lines}) > 1:
        raise invalid("line_items", "all prices must have the same currency.")
    amount, currency = sum(amount for amount, _ in lines), lines[0][1]
    if store.terms.settled(amount, currency) < store.terms.minimum:
        raise Refused(
            "The Checkout Session's total amount due must add up to at least "
            f"{store.terms.minimum} in minor units of {store.terms.settles_in}; "
            f"{amount} {currency} converts to less.",
            code="amount_too_small",
        )
    if amount > LARGEST:
        raise Refused(f"The total amount must be no more than {LARGEST}.", code="amount_too_large")
    return amount, currency


def check_expiry(params: Json, now: int) -> None:
    """30 minutes to 24 hours after creation (section 6.2)."""
    if "expires_at" not in params:
        return
    ahead = int(params["expires_at"]) - now
    if not HALF_HOUR <= ahead <= DAY:
        edge = "at least 30 minutes" if ahead < HALF_HOUR else "less than 24 hours"
        raise Refused(
            f"The `expires_at` timestamp must be {edge} from Checkout Session creation.",
            param="expires_at",
        )


def create(store: Store, params: Json, data: dict[str, Json]) -> Json:
    """`data` keeps each session's payment_intent_data until its intent is made."""
    for name in params:
        if name not in PARAMETERS:
            raise unknown(name)
    if params.get("mode") != "payment":
        raise invalid("mode", "this double knows `payment` only.")
    if not params.get("success_url"):
        raise required("success_url")
    check_expiry(params, store.seconds())
    amount, currency = total(params, store)
    own = store.ids("cs_test", 58)
    made = shapes.session(own, store.seconds(), params, amount, currency)
    data[own] = params.get("payment_intent_data", {})
    return store.add(made)


def must_be_open(session: Json, doing: str) -> None:
    if session["status"] != "open":
        raise Refused(
            f'Only Checkout Sessions with a status in ["open"] can be {doing}. This Checkout '
            f"Session has a status of {session['status']}.",
            param="session",
        )


def expire(store: Store, session: Json) -> None:
    must_be_open(session, "expired")
    session |= {"status": "expired", "url": None}
    store.emit("checkout.session.expired", session)


def intent_of(store: Store, session: Json, data: Json) -> Json:
    """The session's payment intent, made at the first attempt to pay."""
    if session["payment_intent"] is None:
        intent = shapes.payment_intent(store.ids("pi"), store.seconds(), session, data)
        session["payment_intent"] = store.add(intent)["id"]
        store.emit("payment_intent.created", intent)
    return store.get("payment_intent", session["payment_intent"])


def charge_up(store: Store, intent: Json, card: Json) -> Json:
    """The money is taken; a slow balance gets its transaction later."""
    made = store.add(shapes.charge(store.ids("ch"), store.seconds(), intent, card))
    if not store.terms.slow_balance:
        balance.book_charge(store, made)
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": made["id"],
    }
    store.emit("charge.succeeded", made)
    store.emit("payment_intent.succeeded", intent)
    return made


def complete(store: Store, session: Json, paid: bool) -> None:
    session |= {"status": "complete", "url": None, "payment_status": "paid" if paid else "unpaid"}
    store.emit("checkout.session.completed", session)


def pay(store: Store, session: Json, data: Json, card: Json) -> Json:
    must_be_open(session, "paid")
    made = charge_up(store, intent_of(store, session, data), card)
    complete(store, session, paid=True)
    return made


def pay_later(store: Store, session: Json, data: Json) -> None:
    """A delayed method: the session is complete, the money is not here."""
    must_be_open(session, "paid")
    intent = intent_of(store, session, data)
    intent["status"] = "processing"
    store.emit("payment_intent.processing", intent)
    complete(store, session, paid=False)


def arrive(store: Store, session: Json) -> Json:
    """The money of a delayed method is here."""
    made = charge_up(store, store.get("payment_intent", session["payment_intent"]), CARD)
    session["payment_status"] = "paid"
    store.emit("checkout.session.async_payment_succeeded", session)
    return made


def fail(store: Store, session: Json) -> None:
    """The money of a delayed method will not come."""
    intent = store.get("payment_intent", session["payment_intent"])
    refuse(store, intent, "payment_intent_payment_attempt_failed", None, CARD)
    store.emit("checkout.session.async_payment_failed", session)


def decline(store: Store, session: Json, data: Json, code: str, card: Json) -> Json:
    """The issuer says no; the session stays open for another card."""
    must_be_open(session, "paid")
    return refuse(store, intent_of(store, session, data), "card_declined", code, card)


def refuse(store: Store, intent: Json, code: str, why: str | None, card: Json) -> Json:
    made = store.add(shapes.charge(store.ids("ch"), store.seconds(), intent, card))
    words = "Your card was declined."
    made |= {
        "paid": False,
        "captured": False,
        "amount_captured": 0,
        "status": "failed",
        "failure_code": code,
        "failure_message": words,
        "outcome": {"network_status": "declined_by_network", "type": "issuer_declined"},
    }
    error = {"type": "card_error", "code": code, "decline_code": why, "message": words}
    intent |= {
        "status": "requires_payment_method",
        "latest_charge": made["id"],
        "last_payment_error": error | {"charge": made["id"]},
    }
    store.emit("charge.failed", made)
    store.emit("payment_intent.payment_failed", intent)
    return made
