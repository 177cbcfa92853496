"""Asking for the invoice of a company, on the receipt, whose link only the driver has."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.driver import pace, receipt_pages
from parking.house import House
from parking.languages import explain, mark
from parking.receipts.models import Receipt
from parking.receipts.service import receipt_by_token
from parking.sessions.service import DRIVER
from parking.tax.buyers import read_buyer
from parking.tax.invoices import Act, ask, take_back
from parking.web.language import reader_language
from payments.errors import Conflict, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the form's answers into `pages`."""

    @pages.post("/r/<token>/invoice")
    def ask_invoice(token: str) -> ResponseReturnValue:
        return _do(house, token, lambda tx, receipt, act: _ask(house, tx, receipt, act))

    @pages.post("/r/<token>/invoice/take-back")
    def take_back_invoice(token: str) -> ResponseReturnValue:
        return _do(house, token, take_back)


def _do(
    house: House, token: str, what: Callable[[Session, Receipt, Act], None]
) -> ResponseReturnValue:
    now = house.clock()
    with house.databases.write.begin() as tx:
        pace.count(tx, "invoice", request.remote_addr or "", now)
    try:
        with house.databases.write.begin() as tx:
            what(tx, receipt_by_token(tx, token), Act(DRIVER, now))
    except (WrongUsage, Conflict) as error:
        said = receipt_pages.Problems(invoice=explain(error, reader_language()))
        return receipt_pages.show(house, token, said, error.http_status)
    return redirect(url_for("driver.receipt", token=token) + "#invoice", 303)


def _ask(house: House, tx: Session, receipt: Receipt, act: Act) -> None:
    buyer = read_buyer(request.form)
    if request.form.get("agreed") != "yes":
        raise WrongUsage(mark("Please agree that your details are used for the invoice."))
    ask(tx, house.gateways.vault, receipt, buyer, act)
