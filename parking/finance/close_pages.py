"""Closing days: the list of a month, one operator's day, and the buttons of the two people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.closings import FIGURE_NAMES, day_page, days_of
from parking.finance.day_pages import read_day
from parking.finance.month import read_month
from parking.house import House
from parking.languages import explain
from parking.passes.standing import HOURS
from parking.people.guard import the_badge
from parking.reports.closing_words import CLOSING_STATES, INSTRUCTIONS, OBSTACLES
from parking.reports.daily import part_of
from parking.reports.words import break_name
from parking.sessions.states import FIGURE_CLASSES
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Conflict, NotFound, WrongUsage
from reconciliation.closing import reopening, service
from reconciliation.closing.attempts import OperatorDay
from reconciliation.closing.certificates import of_day

Act = Callable[[Session, OperatorDay, Mapping[str, str], str, datetime], object]


def add(pages: Blueprint, house: House) -> None:
    """Put the list, the page of a day and its certificate into `pages`."""

    @pages.get("/close")
    def closings() -> ResponseReturnValue:
        return _list(house)

    @pages.get("/close/<operator>/<day>")
    def closing(operator: str, day: str) -> ResponseReturnValue:
        return _page(house, _own(operator, read_day(day)))

    @pages.post("/close/<operator>/<day>")
    def closing_act(operator: str, day: str) -> ResponseReturnValue:
        return _act(house, _own(operator, read_day(day)))

    @pages.get("/close/<operator>/<day>/certificate-<int:revision>.json")
    def certificate(operator: str, day: str, revision: int) -> ResponseReturnValue:
        return _certificate(house, _own(operator, read_day(day)), revision)


def _own(operator: str, day: date) -> OperatorDay:
    """Raises `NotFound` for another operator's day."""
    if the_badge().operator not in (None, operator):
        raise NotFound("There is no operator %(operator)s.", operator=operator)
    return OperatorDay(operator, day)


def _list(house: House) -> ResponseReturnValue:
    today = business_day(house.clock())
    month = read_month(request.args.get("month", ""), today)
    with house.databases.read() as tx:
        rows = days_of(tx, month, the_badge().operator, today)
    return render_template(
        "finance/closings.html",
        rows=rows,
        month=month,
        today=today,
        states=CLOSING_STATES,
        kinds=OBSTACLES,
    )


def _page(
    house: House, which: OperatorDay, problem: str = "", status: int = 200
) -> tuple[str, int]:
    with house.databases.read() as tx:
        found = day_page(tx, which)
        page = render_template(
            "finance/closing.html",
            found=found,
            over=which.day < business_day(house.clock()),
            states=CLOSING_STATES,
            kinds=OBSTACLES,
            todo=INSTRUCTIONS,
            name_of=break_name,
            figures=FIGURE_NAMES,
            part_of=part_of,
            vehicles=FIGURE_CLASSES,
            hours=HOURS,
            may_act=the_badge().role == "finance",
            given=request.form,
            problem=problem,
        )
    return page, status


def _close(
    tx: Session, which: OperatorDay, form: Mapping[str, str], actor: str, now: datetime
) -> object:
    chosen = request.form.getlist("except")
    return service.begin(tx, which, dict.fromkeys(chosen, form.get("reason", "")), actor, now)


#: What the buttons do.
ACTS: Mapping[str, Act] = {
    "close": _close,
    "confirm": lambda tx, which, _form, actor, now: service.confirm(tx, which, actor, now),
    "withdraw": lambda tx, which, _form, actor, now: service.withdraw(tx, which, actor, now),
    "ask": lambda tx, which, form, actor, now: reopening.ask(
        tx, which, form.get("reason", ""), actor, now
    ),
    "refuse": lambda tx, which, _form, actor, now: reopening.refuse(tx, which, actor, now),
    "reopen": lambda tx, which, _form, actor, now: reopening.reopen(tx, which, actor, now),
}


def _act(house: House, which: OperatorDay) -> ResponseReturnValue:
    act = ACTS.get(request.form.get("act", ""))
    try:
        if act is None:
            raise WrongUsage("This form is incomplete. Please reload the page and try again.")
        with house.databases.write.begin() as tx:
            act(tx, which, request.form, the_badge().actor, house.clock())
    except (WrongUsage, Conflict) as error:
        return _page(house, which, explain(error, reader_language()), error.http_status)
    address = url_for("finance.closing", operator=which.operator, day=which.day.isoformat())
    return redirect(address, 303)


def _certificate(house: House, which: OperatorDay, revision: int) -> Response:
    """The very bytes that were certified."""
    with house.databases.read() as tx:
        found = [one for one in of_day(tx, which.operator, which.day) if one.revision == revision]
    if not found:
        raise NotFound(
            "%(day)s has no certificate with the revision %(revision)s.",
            day=which.day, revision=revision,
        )  # fmt: skip
    response = Response(found[0].body, content_type="application/json")
    name = f"certificate-{which.operator}-{which.day}-{revision}.json"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
