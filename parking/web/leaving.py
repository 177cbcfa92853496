"""The way out of our pages: to our own paths, or to a payment company we know."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, redirect
from werkzeug.wrappers import Response

from payments import state
from payments.errors import Unavailable
from payments.models import Payment


def origin(url: str) -> str:
    """Scheme and host of `url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def to_provider(url: str) -> Response:
    """303 to a checkout page. Raises `Unavailable` unless its host is one of our payment companies."""
    if "\\" in url or origin(url) not in current_app.config["CHECKOUT_ORIGINS"]:
        raise Unavailable("This payment page cannot be opened. Please choose another way to pay.")
    return redirect(url, 303)


def onward(payment: Payment, transfer_page: str) -> Response | None:
    """Where paying goes on: our page of the bank transfer, or the payment company's. None when the page
    that asked says the rest: nobody answered, or it was refused."""
    if payment.state not in state.OPEN:
        return None
    if payment.transfer:
        return redirect(transfer_page, 303)
    return to_provider(payment.checkout_url) if payment.checkout_url else None


def local_path(wish: str | None, otherwise: str) -> str:
    """`wish` if it is a path on this site, else `otherwise`: nobody is sent away by a crafted link."""
    if wish is None or not wish.startswith("/") or wish[1:2] in ("/", "\\"):
        return otherwise
    return wish if wish.isprintable() else otherwise
