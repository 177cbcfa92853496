"""The form that gives money back; it stands on the page of its payment."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.refunds import give_back
from parking.finance.trace_pages import show
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.web.language import reader_language
from payments.errors import Conflict, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the refund into `pages`."""

    @pages.post("/payments/<code>/refund")
    def refund(code: str) -> ResponseReturnValue:
        badge = the_badge()
        try:
            give_back(house, code, badge.operator, request.form, badge.actor)
        except (WrongUsage, Conflict) as error:
            return show(house, code, explain(error, reader_language()), error.http_status)
        return redirect(url_for("finance.trace_page", q=code), 303)
