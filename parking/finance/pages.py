"""The pages of the finance office, by noun."""

from __future__ import annotations

from flask import Blueprint

from parking.finance import (
    break_list_pages,
    break_pages,
    claim_pages,
    close_pages,
    day_pages,
    figure_pages,
    hand_pages,
    invoice_list_pages,
    invoice_pages,
    job_pages,
    lot_pages,
    mapping_pages,
    pass_pages,
    payout_pages,
    proxy_pages,
    refund_pages,
    report_pages,
    rule_pages,
    shift_pages,
    suspense_pages,
    tax_pages,
    trace_pages,
    uncharged_pages,
    upload_pages,
)
from parking.house import House


def blueprint(house: House) -> Blueprint:
    """Everything under ``/finance``."""
    pages = Blueprint("finance", __name__, url_prefix="/finance")
    for room in (
        day_pages,
        break_pages,
        break_list_pages,
        suspense_pages,
        trace_pages,
        refund_pages,
        payout_pages,
        proxy_pages,
        upload_pages,
        mapping_pages,
        claim_pages,
        close_pages,
        lot_pages,
        shift_pages,
        uncharged_pages,
        pass_pages,
        job_pages,
        report_pages,
        figure_pages,
        tax_pages,
        invoice_pages,
        invoice_list_pages,
        rule_pages,
        hand_pages,
    ):
        room.add(pages, house)
    return pages
