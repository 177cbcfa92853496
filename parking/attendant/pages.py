"""The attendant's pages, by noun."""

from __future__ import annotations

from flask import Blueprint

from parking.attendant import (
    act_pages,
    card_pages,
    check_pages,
    claim_pages,
    code_pages,
    entry_pages,
    group_pages,
    lane_pages,
    list_pages,
    mine_pages,
    offline_pages,
    pass_pages,
    proxy_pages,
    shift_pages,
    stay_pages,
)
from parking.house import House


def blueprint(house: House) -> Blueprint:
    """Everything under ``/attendant``."""
    pages = Blueprint("attendant", __name__, url_prefix="/attendant")
    list_pages.add(pages, house)
    lane_pages.add(pages, house)
    act_pages.add(pages, house)
    code_pages.add(pages, house)
    offline_pages.add(pages)
    entry_pages.add(pages, house)
    check_pages.add(pages, house)
    claim_pages.add(pages, house)
    card_pages.add(pages, house)
    shift_pages.add(pages, house)
    stay_pages.add(pages, house)
    mine_pages.add(pages, house)
    group_pages.add(pages, house)
    proxy_pages.add(pages, house)
    pass_pages.add(pages, house)
    return pages
