"""Where the money is to go: the form stands on the receipt, whose link only the driver has, and for a
payment that never was enough for one, on the page of the parking session or pass."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.driver import pace, pass_pages, receipt_pages, session_pages
from parking.driver.links import find, find_pass
from parking.house import House
from parking.languages import explain
from parking.receipts.models import Receipt
from parking.receipts.service import receipt_by_token
from parking.sessions.service import DRIVER
from parking.web.language import reader_language
from payments import claims
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.models import Refund


def add(pages: Blueprint, house: House) -> None:
    """Put the form's answer into `pages`."""

    @pages.post("/r/<token>/refunds/<uuid:refund_id>")
    def claim(token: str, refund_id: uuid.UUID) -> ResponseReturnValue:
        with house.databases.read() as tx:
            refund = _of_receipt(tx, token, refund_id)
        refusal = _claim(house, refund)
        if refusal:
            said = receipt_pages.Problems(refund=_words(refusal))
            return receipt_pages.show(house, token, said, refusal.http_status)
        return redirect(url_for("driver.receipt", token=token) + "#refund", 303)

    @pages.post("/s/<link>/refunds/<uuid:refund_id>")
    def claim_here(link: str, refund_id: uuid.UUID) -> ResponseReturnValue:
        with house.databases.read() as tx:
            session = find(house, tx, link)
            refund = _without_receipt(tx, session.reference, refund_id)
        refusal = _claim(house, refund)
        if refusal:
            words = _words(refusal)
            return session_pages.show(house, session, link, words, refusal.http_status)
        return redirect(url_for("driver.session", link=link) + "#refund", 303)

    @pages.post("/p/<link>/refunds/<uuid:refund_id>")
    def claim_on_pass(link: str, refund_id: uuid.UUID) -> ResponseReturnValue:
        with house.databases.read() as tx:
            held = find_pass(house, tx, link)
            refund = _without_receipt(tx, held.reference, refund_id)
        refusal = _claim(house, refund)
        if refusal:
            return pass_pages.show_pass(house, link, _words(refusal), refusal.http_status)
        return redirect(url_for("driver.pass_page", link=link) + "#refund", 303)


def _claim(house: House, refund: Refund) -> Complaint | None:
    """Keep the account that the form names; what was wrong with it otherwise. Raises `TooMany`."""
    now = house.clock()
    with house.databases.write.begin() as tx:
        pace.count(tx, "claim", request.remote_addr or "", now)
    try:
        payee = _named(house, refund)
        with house.databases.write.begin() as tx:
            claims.give(tx, house.gateways.vault, refund.id, payee, DRIVER, now)
    except (WrongUsage, Conflict) as error:
        return error
    return None


def _words(refusal: Complaint) -> str:
    return explain(refusal, reader_language())


def _of_receipt(tx: Session, token: str, refund_id: uuid.UUID) -> Refund:
    """A refund of the receipt's payment. Raises `NotFound`, also for another payment's."""
    receipt, refund = receipt_by_token(tx, token), tx.get(Refund, refund_id)
    if refund is None or refund.payment_id != receipt.payment_id:
        raise NotFound("There is no such refund.")
    return refund


def _without_receipt(tx: Session, reference: str, refund_id: uuid.UUID) -> Refund:
    """A refund of a payment for this stay or pass that has no receipt. Raises `NotFound` for any
    other."""
    refund = tx.get(Refund, refund_id)
    if refund is None or reference not in (refund.reference, refund.payment.reference):
        raise NotFound("There is no such refund.")
    if tx.scalar(select(Receipt.id).where(Receipt.payment_id == refund.payment_id)):
        raise NotFound("There is no such refund.")
    return refund


def _named(house: House, refund: Refund) -> claims.Payee:
    """The account the money came from, if that button was pressed, else the one typed in."""
    if request.form.get("to") != "payer":
        typed = (request.form.get(name, "") for name in ("bank", "account", "holder"))
        return claims.read_payee(*typed)
    with house.databases.read() as tx:
        known = claims.payer_of(tx, house.gateways, refund.payment)
    if known is None:
        raise Conflict("The account the money came from is not known any more; please type it in.")
    return known
