"""The queue of money that belongs to no payment of ours, and the form that says where it belongs."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.attaching import attach_to, check_own, suggestions
from parking.finance.suspense import PAGE, set_apart, unmatched
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.reports.words import break_name
from parking.trace.money import MOVEMENTS
from parking.web.language import reader_language
from payments.errors import Complaint, Conflict, NotFound, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the queue into `pages`."""

    @pages.get("/unmatched")
    def queue() -> ResponseReturnValue:
        return _show(house)

    @pages.post("/unmatched/<uuid:movement_id>")
    def attach_money(movement_id: uuid.UUID) -> ResponseReturnValue:
        return _attach(house, movement_id)


def _show(
    house: House, error: Complaint | None = None, wanted: uuid.UUID | None = None
) -> ResponseReturnValue:
    """The page; `error` says what was wrong with the form of the movement `wanted`."""
    badge = the_badge()
    with house.databases.read() as tx:
        found = unmatched(tx, badge.operator)
        suggested = suggestions(tx, found)
        apart = set_apart(tx, badge.operator)
    page = render_template(
        "finance/unmatched.html",
        found=found,
        suggested=suggested,
        apart=apart,
        name_of=break_name,
        names=MOVEMENTS,
        full=len(found) == PAGE,
        may_attach=badge.role == "finance",
        problem=explain(error, reader_language()) if error else "",
        wanted=wanted,
        given=request.form,
    )
    return page, error.http_status if error else 200


def _attach(house: House, movement_id: uuid.UUID) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        check_own(tx, movement_id, badge.operator)
    try:
        with house.databases.write.begin() as tx:
            attach_to(tx, movement_id, request.form, badge.actor, house.clock())
    except (WrongUsage, Conflict, NotFound) as error:
        return _show(house, error, movement_id)
    return redirect(url_for("finance.trace_page", q=movement_id), 303)
