"""The administrator's pages, by noun."""

from __future__ import annotations

from flask import Blueprint

from parking.admin import (
    account_pages,
    audit_pages,
    card_pages,
    lot_pages,
    people_pages,
    phone_pages,
    rule_pages,
    tax_pages,
)
from parking.house import House


def blueprint(house: House) -> Blueprint:
    """Everything under ``/admin``."""
    pages = Blueprint("admin", __name__, url_prefix="/admin")
    people_pages.add(pages, house)
    phone_pages.add(pages, house)
    lot_pages.add(pages, house)
    card_pages.add(pages, house)
    rule_pages.add(pages, house)
    account_pages.add(pages, house)
    tax_pages.add(pages, house)
    audit_pages.add(pages, house)
    return pages
