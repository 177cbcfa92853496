"""The hosted payment page: what a driver sees at the payment company, Vietnamese above English.

It works without JavaScript and sets no cookie; the unguessable token in the address is the only key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Redirect

from payments.db import CITY_ZONE
from payments.errors import Conflict
from payments.money import format_amount
from payments.sandbox import orders
from payments.sandbox.acts import LATENESS, Act, perform
from payments.sandbox.body import read_choice
from payments.sandbox.books import books
from payments.sandbox.models import Kind, Order

page = Blueprint("page", __name__, url_prefix="/pay")


@page.get("/<token>")
def show(token: str) -> Response:
    """The order, and what can still be done with it."""
    with books().db.read.begin() as tx:
        order = orders.by_token(tx, token)
        return _page(order, _facts(tx, order))


@page.post("/<token>")
def act(token: str) -> Response | Redirect:
    """Do what the pressed button says, then send the driver back to the merchant. A button pressed
    too late, or twice, shows the page as it is now."""
    pressed = read_choice(request.form, "act", Act)
    with books().db.write.begin() as tx:
        order = orders.by_token(tx, token)
        try:
            perform(tx, books().config, order, pressed, books().config.clock())
        except Conflict as reason:
            return _page(order, _facts(tx, order), reason.http_status)
        return redirect(order.return_url, 303)


def _facts(tx: Session, order: Order) -> dict[str, Any]:
    """Money on its way counts as paid here: its payer must not be asked to pay again."""
    now = books().config.clock()
    receipts = orders.motions(tx, order, Kind.PAYMENT)
    state, _ = orders.status(order, receipts, now)
    arrives = receipts[0].event_at if receipts and receipts[0].event_at > now else None
    return {"state": state, "arrives": _clock_time(arrives) if arrives else None}


def _clock_time(instant: datetime) -> str:
    return instant.astimezone(CITY_ZONE).strftime("%H:%M")


def _page(order: Order, facts: dict[str, Any], status: int = 200) -> Response:
    html = render_template(
        "pay.html",
        order=order,
        merchant=_name_of(order.merchant),
        amount=format_amount(order.amount, order.currency),
        until=_clock_time(order.expires_at),
        late_minutes=int(LATENESS.total_seconds()) // 60,
        **facts,
    )
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = _policy(order.return_url)
    return response


def _name_of(merchant: str) -> str:
    """Orders outlive a merchant's entry in the settings."""
    entry = books().config.merchants.get(merchant)
    return entry.name if entry else merchant


def _policy(return_url: str) -> str:
    """Browsers hold `form-action` against the redirect that follows a form too, so the merchant's
    origin must stand in it. `read_web_address` let no character pass that could end the directive."""
    parts = urlsplit(return_url)
    return (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none';"
        f" form-action 'self' {parts.scheme}://{parts.netloc}"
    )
