"""Rules about lines that are not parking: what they would name, and the buttons of the two people."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.rules import (
    own_rule,
    read_proposal,
    read_tolerance,
    read_window,
    rule_desk,
)
from parking.house import House
from parking.languages import explain, mark
from parking.people.guard import the_badge
from parking.web.language import reader_language
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from reconciliation.rules.deciding import (
    LONGEST_WINDOW,
    approve,
    checked,
    propose,
    propose_tolerance,
    propose_window,
    retire,
)
from reconciliation.rules.finding import Preview, preview
from reconciliation.rules.windows import LATENESS

#: What the states of a rule that ended are called.
STATES = {
    "retired": mark("No longer in force"),
    "refused": mark("Refused"),
}


def add(pages: Blueprint, house: House) -> None:
    """Put the rules into `pages`."""

    @pages.get("/rules")
    def rules() -> ResponseReturnValue:
        return _show(house)

    @pages.post("/rules")
    def propose_rule() -> ResponseReturnValue:
        return _propose(house)

    @pages.post("/rules/<uuid:rule_id>")
    def decide_rule(rule_id: uuid.UUID) -> ResponseReturnValue:
        return _decide(house, rule_id)


def _show(
    house: House, error: Complaint | None = None, foreseen: Preview | None = None
) -> ResponseReturnValue:
    """The page; `error` says what was wrong with a form, `foreseen` what its rule would name."""
    badge = the_badge()
    with house.databases.read() as tx:
        page = render_template(
            "finance/rules.html",
            desk=rule_desk(tx, badge.operator, house.clock()),
            states=STATES,
            usual_days=LATENESS.days,
            longest_window=LONGEST_WINDOW,
            may_decide=badge.role == "finance",
            problem=explain(error, reader_language()) if error else "",
            foreseen=foreseen,
            given=request.form,
        )
    return page, error.http_status if error else 200


def _propose(house: House) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    try:
        if request.form.get("act") == "tolerance":
            with house.databases.write.begin() as tx:
                account, tolerance = read_tolerance(tx, request.form, badge.operator)
                propose_tolerance(tx, account, tolerance, badge.actor, now)
            return redirect(url_for("finance.rules"), 303)
        if request.form.get("act") == "window":
            with house.databases.write.begin() as tx:
                asked = read_window(tx, request.form, badge.operator)
                propose_window(tx, *asked, badge.actor, now)
            return redirect(url_for("finance.rules"), 303)
        if request.form.get("act") != "propose":
            with house.databases.read() as tx:
                rule = checked(tx, read_proposal(tx, request.form, badge.operator))
                return _show(house, foreseen=preview(tx, rule, now))
        with house.databases.write.begin() as tx:
            propose(tx, read_proposal(tx, request.form, badge.operator), badge.actor, now)
    except (WrongUsage, NotFound) as error:
        return _show(house, error)
    return redirect(url_for("finance.rules"), 303)


def _decide(house: House, rule_id: uuid.UUID) -> ResponseReturnValue:
    badge = the_badge()
    act = {"approve": approve, "retire": retire}.get(request.form.get("act", ""))
    try:
        if act is None:
            raise WrongUsage("This form is incomplete. Please reload the page and try again.")
        with house.databases.write.begin() as tx:
            own_rule(tx, rule_id, badge.operator)
            act(tx, rule_id, badge.actor, house.clock())
    except (WrongUsage, Conflict) as error:
        return _show(house, error)
    return redirect(url_for("finance.rules"), 303)
