"""The driver's pages, by noun."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from parking.driver import (
    announce_pages,
    buy_pages,
    card_pages,
    claim_pages,
    group_pages,
    invoice_pages,
    lot_pages,
    pass_pages,
    payment_pages,
    receipt_pages,
    session_pages,
    transfer_pages,
)
from parking.driver.links import Doubtful
from parking.house import House
from parking.languages import explain
from parking.web.language import reader_language


def blueprint(house: House) -> Blueprint:
    """The front page, the lots, the parking sessions and passes, their transfers and their receipts."""
    pages = Blueprint("driver", __name__)
    lot_pages.add(pages, house)
    session_pages.add(pages, house)
    payment_pages.add(pages, house)
    transfer_pages.add(pages, house)
    announce_pages.add(pages, house)
    group_pages.add(pages, house)
    receipt_pages.add(pages, house)
    claim_pages.add(pages, house)
    invoice_pages.add(pages, house)
    card_pages.add(pages, house)
    buy_pages.add(pages, house)
    pass_pages.add(pages, house)
    pages.register_error_handler(Doubtful, _warn)
    return pages


def _warn(doubt: Doubtful) -> ResponseReturnValue:
    title = explain(doubt, reader_language())
    page = render_template("driver/warning.html", title=title, advice=doubt.advice)
    return page, doubt.http_status
