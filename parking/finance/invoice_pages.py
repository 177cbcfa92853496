"""Company invoices: the queue, one invoice with what can be done, and asking for one for somebody."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import explain, mark
from parking.lots.service import operator_by_code
from parking.people.guard import the_badge
from parking.tax.buyers import read_buyer
from parking.tax.desk import (
    STATE_WORDS,
    batches,
    in_state,
    own_invoice,
    receipt_by_number,
)
from parking.tax.invoices import Act, ask, decline, hand_over, mark_sent
from parking.tax.numbers import correct, issue, read_number
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Conflict, NotFound, WrongUsage

Deed = Callable[[Session, uuid.UUID, Mapping[str, str], Act], None]

#: What the buttons of an invoice's page do.
DEEDS: dict[str, Deed] = {
    "issue": lambda tx, which, form, act: issue(tx, which, read_number(form), act),
    "correct": lambda tx, which, form, act: correct(
        tx, which, read_number(form), form.get("reason", ""), act
    ),
    "decline": lambda tx, which, form, act: decline(tx, which, form.get("reason", ""), act),
    "sent": lambda tx, which, form, act: mark_sent(tx, which, act),
}


def add(pages: Blueprint, house: House) -> None:
    """Put the invoices into `pages`."""

    @pages.get("/invoices")
    def invoices() -> ResponseReturnValue:
        return _queue(house)

    @pages.post("/invoices/of/<operator>")
    def hand_over_invoices(operator: str) -> ResponseReturnValue:
        return _hand_over(house, operator)

    @pages.get("/invoices/<uuid:invoice_id>")
    def invoice(invoice_id: uuid.UUID) -> ResponseReturnValue:
        return _invoice(house, invoice_id)

    @pages.post("/invoices/<uuid:invoice_id>")
    def settle_invoice(invoice_id: uuid.UUID) -> ResponseReturnValue:
        return _settle(house, invoice_id)

    @pages.get("/invoices/new")
    def new_invoice() -> ResponseReturnValue:
        return _new(house)

    @pages.post("/invoices/new")
    def ask_invoice_late() -> ResponseReturnValue:
        return _ask(house)


def _queue(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    badge, vault = the_badge(), house.gateways.vault
    with house.databases.read() as tx:
        waiting = in_state(tx, vault, badge.operator, "asked")
        page = render_template(
            "finance/invoices.html",
            waiting=waiting,
            sellers={row.operator.code: row.operator for row in waiting},
            with_provider=in_state(tx, vault, badge.operator, "exported"),
            settled=in_state(tx, vault, badge.operator, "issued", "declined", newest=True),
            lists=batches(tx, badge.operator),
            states=STATE_WORDS,
            may_act=badge.role == "finance",
            problem=problem,
        )
    return page, status


def _hand_over(house: House, code: str) -> ResponseReturnValue:
    badge = the_badge()
    if badge.operator not in (None, code):
        raise NotFound(mark("There is no such list of invoices."))
    try:
        with house.databases.write.begin() as tx:
            hand_over(tx, operator_by_code(tx, code), Act(badge.actor, house.clock()))
    except Conflict as error:
        return _queue(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.invoices") + "#lists", 303)


def _invoice(
    house: House, invoice_id: uuid.UUID, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        row = own_invoice(tx, house.gateways.vault, invoice_id, badge.operator)
    page = render_template(
        "finance/invoice.html",
        row=row,
        states=STATE_WORDS,
        today=business_day(house.clock()),
        may_act=badge.role == "finance",
        problem=problem,
        given=request.form,
    )
    return page, status


def _settle(house: House, invoice_id: uuid.UUID) -> ResponseReturnValue:
    badge, form = the_badge(), request.form
    deed = DEEDS.get(form.get("deed", ""))
    if deed is None:
        raise WrongUsage("This form is incomplete. Please reload the page and try again.")
    try:
        with house.databases.write.begin() as tx:
            own_invoice(tx, house.gateways.vault, invoice_id, badge.operator)
            deed(tx, invoice_id, form, Act(badge.actor, house.clock()))
    except (WrongUsage, Conflict) as error:
        words = explain(error, reader_language())
        return _invoice(house, invoice_id, words, error.http_status)
    return redirect(url_for("finance.invoice", invoice_id=invoice_id), 303)


def _new(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    page = render_template("finance/new_invoice.html", problem=problem, given=request.values)
    return page, status


def _ask(house: House) -> ResponseReturnValue:
    badge, form = the_badge(), request.form
    act, vault = Act(badge.actor, house.clock()), house.gateways.vault
    try:
        with house.databases.write.begin() as tx:
            receipt = receipt_by_number(tx, form.get("receipt", ""), badge.operator)
            invoice = ask(tx, vault, receipt, read_buyer(form), act, late=True)
    except (WrongUsage, Conflict, NotFound) as error:
        return _new(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.invoice", invoice_id=invoice.id), 303)
