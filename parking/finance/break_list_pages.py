"""The list of all differences, and what is done to many of them at once."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from parking.finance.break_list import (
    AGE_NAMES,
    Question,
    answer,
    bulk_reasons,
    choosers,
    read_ids,
    read_question,
)
from parking.finance.break_pages import decision_of
from parking.finance.break_work import deed_of, people_of, reason_names
from parking.house import House
from parking.people.guard import the_badge
from parking.reports.reason_words import explain_choice
from parking.reports.words import RESOLUTIONS, break_name
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import WrongUsage
from reconciliation.resolving.service import Chosen, Outcome, do_to


def add(pages: Blueprint, house: House) -> None:
    """Put the list into `pages`."""

    @pages.get("/breaks")
    def breaks() -> ResponseReturnValue:
        return _show(house, read_question(request.args, the_badge().operator))

    @pages.post("/breaks")
    def work_on_breaks() -> ResponseReturnValue:
        return _work(house, read_question(request.args, the_badge().operator))


def _show(
    house: House, asked: Question, outcome: Outcome | None = None, problem: str = ""
) -> ResponseReturnValue:
    """The page; `outcome` and `problem` say what became of the form on it."""
    badge, today = the_badge(), business_day(house.clock())
    with house.databases.read() as tx:
        found = answer(tx, asked, today)
        people = people_of(tx, badge.operator)
    language = reader_language()
    why = (
        [(explain_choice(error, language), count) for error, count in outcome.why]
        if outcome
        else []
    )
    page = render_template(
        "finance/breaks.html",
        asked=asked,
        found=found,
        people=people,
        reasons=reason_names(bulk_reasons(asked)),
        name_of=break_name,
        resolutions=RESOLUTIONS,
        choosers=choosers(asked, found),
        ages=AGE_NAMES,
        outcome=outcome,
        why=why,
        limit=house.config.break_approval_above,
        may_work=badge.role == "finance",
        problem=problem,
        given=request.form,
    )
    return page, 400 if problem else 200


def _work(house: House, asked: Question) -> ResponseReturnValue:
    """Do the form to what was ticked. The page itself says what became of it: it is never sent
    twice to the same end, because what is done cannot be done again."""
    badge, form = the_badge(), request.form
    with house.databases.read() as tx:
        people = [actor for actor, _ in people_of(tx, badge.operator)]
    try:
        ids = read_ids(form.getlist("page_id" if form.get("all") else "id"))
        deed = deed_of(form, decision_of(house), people)
        with house.databases.write.begin() as tx:
            outcome = do_to(tx, Chosen(ids, badge.operator), deed, house.clock())
    except WrongUsage as error:
        return _show(house, asked, problem=explain_choice(error, reader_language()))
    return _show(house, asked, outcome)
