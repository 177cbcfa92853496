"""How each operator is taxed: what is in force, what was, and a form to change it from a day on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from parking.house import House
from parking.languages import explain
from parking.lots.models import Operator
from parking.lots.service import operator_by_code
from parking.people.guard import the_badge
from parking.receipts.methods import METHOD_WORDS, method_on, methods_of, set_method
from parking.receipts.models import TaxMethod
from parking.tax.periods import read_day
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Conflict, WrongUsage


@dataclass(frozen=True, slots=True)
class Taxed:
    """An operator with the method in force today, and all that were or will be, newest first."""

    operator: Operator
    method: str
    history: Sequence[TaxMethod]


def add(pages: Blueprint, house: House) -> None:
    """Put the page into `pages`."""

    @pages.get("/tax")
    def tax() -> ResponseReturnValue:
        return _show(house)

    @pages.post("/tax/<operator>")
    def set_tax_method(operator: str) -> ResponseReturnValue:
        return _set(house, operator)


def _show(
    house: House, problem: str = "", status: int = 200, asked: str = ""
) -> ResponseReturnValue:
    """The page; `problem` says what was wrong with the form of the operator `asked`."""
    today = business_day(house.clock())
    with house.databases.read() as tx:
        operators = tx.scalars(select(Operator).order_by(Operator.legal_name)).all()
        rows = [
            Taxed(one, method_on(tx, one.id, today), methods_of(tx, one.id)) for one in operators
        ]
    page = render_template(
        "admin/tax.html",
        rows=rows,
        words=METHOD_WORDS,
        today=today,
        problem=problem,
        asked=asked,
        given=request.form,
    )
    return page, status


def _set(house: House, code: str) -> ResponseReturnValue:
    actor, now, form = the_badge().actor, house.clock(), request.form
    try:
        since = read_day(form.get("since", ""))
        with house.databases.write.begin() as tx:
            operator = operator_by_code(tx, code)
            set_method(tx, operator, form.get("method", ""), since, actor, now)
    except (WrongUsage, Conflict) as error:
        return _show(house, explain(error, reader_language()), error.http_status, code)
    return redirect(url_for("admin.tax"), 303)
