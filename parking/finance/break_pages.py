"""One difference, opened: what we recorded beside what they told us, and the work on it."""

from __future__ import annotations

import uuid
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.break_work import deed_of, work_on
from parking.finance.pairing import pairing_of
from parking.finance.sides import rows_of, sides_of
from parking.house import House
from parking.people.guard import the_badge
from parking.reports.reason_words import explain_choice
from parking.reports.words import LEGS, RESOLUTIONS, break_name
from parking.web.language import reader_language
from payments.book_days import BookDay
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from reconciliation.breaks import age_group
from reconciliation.resolving.deciding import Decision
from reconciliation.resolving.service import Chosen, do_to_one


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a difference into `pages`."""

    @pages.get("/break/<uuid:break_id>")
    def difference(break_id: uuid.UUID) -> ResponseReturnValue:
        return show_break(house, break_id)

    @pages.post("/break/<uuid:break_id>")
    def work_on_break(break_id: uuid.UUID) -> ResponseReturnValue:
        return _work(house, break_id)


def decision_of(house: House) -> Decision:
    """Who decides, with the words of the form that was sent."""
    limit = house.config.break_approval_above
    return Decision(the_badge().actor, limit, house.clock(), request.form.get("words", ""))


def show_break(
    house: House, break_id: uuid.UUID, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The page; `problem` says what was wrong with a form on it."""
    badge, today = the_badge(), business_day(house.clock())
    with house.databases.read() as tx:
        sides = sides_of(tx, break_id, badge.operator)
        it, work = sides.difference, work_on(tx, sides)
        page = render_template(
            "finance/break.html",
            sides=sides,
            rows=list(rows_of(sides)),
            name=break_name(it.kind, it.leg),
            leg=LEGS[it.leg],
            resolution=RESOLUTIONS.get(it.resolution or "", it.resolution),
            age=age_group(it.day, today),
            work=work,
            pairing=pairing_of(tx, sides),
            closed=_is_closed(tx, sides.account.operator, it.day),
            today=today,
            limit=house.config.break_approval_above,
            may_work=badge.role == "finance",
            problem=problem,
            given=request.form,
        )
    return page, status


def _is_closed(tx: Session, operator: str, day: date) -> bool:
    """Whether what is decided about `day` can no longer be booked on it."""
    return tx.get(BookDay, (operator, day)) is not None


def _work(house: House, break_id: uuid.UUID) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        people = [actor for actor, _ in work_on(tx, sides_of(tx, break_id, badge.operator)).people]
    try:
        deed = deed_of(request.form, decision_of(house), people)
        with house.databases.write.begin() as tx:
            do_to_one(tx, Chosen([break_id], badge.operator), deed, now)
    except (WrongUsage, Conflict) as error:
        return show_break(
            house, break_id, explain_choice(error, reader_language()), error.http_status
        )
    return redirect(url_for("finance.difference", break_id=break_id), 303)
