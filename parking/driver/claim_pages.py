"""Where the money is to go: the form stands on the receipt, whose link only the driver has."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.driver import pace
from parking.driver.receipt_pages import show
from parking.house import House
from parking.languages import explain
from parking.receipts.service import receipt_by_token
from parking.web.language import reader_language
from payments import claims
from payments.errors import Conflict, NotFound, WrongUsage
from payments.models import Refund

#: Who names an account: whoever holds the link of the receipt.
ACTOR = "driver"


def add(pages: Blueprint, house: House) -> None:
    """Put the form's answer into `pages`."""

    @pages.post("/r/<token>/refunds/<uuid:refund_id>")
    def claim(token: str, refund_id: uuid.UUID) -> ResponseReturnValue:
        return _claim(house, token, refund_id)


def _claim(house: House, token: str, refund_id: uuid.UUID) -> ResponseReturnValue:
    now = house.clock()
    with house.databases.read() as tx:
        refund = _refund(tx, token, refund_id)
    with house.databases.write.begin() as tx:
        pace.count(tx, "claim", request.remote_addr or "", now)
    try:
        payee = _named(house, refund)
        with house.databases.write.begin() as tx:
            claims.give(tx, house.gateways.vault, refund_id, payee, ACTOR, now)
    except (WrongUsage, Conflict) as error:
        return show(house, token, explain(error, reader_language()), error.http_status)
    return redirect(url_for("driver.receipt", token=token) + "#refund", 303)


def _refund(tx: Session, token: str, refund_id: uuid.UUID) -> Refund:
    """A refund of the receipt's payment. Raises `NotFound`, also for another payment's."""
    receipt, refund = receipt_by_token(tx, token), tx.get(Refund, refund_id)
    if refund is None or refund.payment_id != receipt.payment_id:
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
