"""Money back: the form on the page of a payment, and the list where a second person decides."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.payout_lists import lists_of, to_list
from parking.finance.refund_list import PURPOSE_WORDS, WORDS, own_task, refund_desk
from parking.finance.refunds import give_back
from parking.finance.trace_pages import WHO, show
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.sessions.refunds import approve
from parking.web.actors import names_of
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.refund_tasks import Approval, reject


def add(pages: Blueprint, house: House) -> None:
    """Put the refunds into `pages`."""

    @pages.post("/payments/<code>/refund")
    def refund(code: str) -> ResponseReturnValue:
        badge = the_badge()
        try:
            task = give_back(house, code, badge.operator, request.form, badge.actor)
        except (WrongUsage, Conflict) as error:
            return show(house, code, explain(error, reader_language()), error.http_status)
        if task.state == "open":
            return redirect(url_for("finance.refunds"), 303)
        return redirect(url_for("finance.trace_page", q=code), 303)

    @pages.get("/refunds")
    def refunds() -> ResponseReturnValue:
        return show_refunds(house)

    @pages.post("/refunds/<uuid:task_id>")
    def decide_refund(task_id: uuid.UUID) -> ResponseReturnValue:
        return _decide(house, task_id)


def show_refunds(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The page; `problem` says what was wrong with a form on it."""
    badge, today = the_badge(), business_day(house.clock())
    with house.databases.read() as tx:
        desk = refund_desk(tx, house.gateways, badge.operator, today)
        page = render_template(
            "finance/refunds.html",
            desk=desk,
            to_list=to_list(tx, badge.operator),
            lists=lists_of(tx, badge.operator),
            words=WORDS,
            purposes=PURPOSE_WORDS,
            who={**WHO, **names_of(tx, desk.actors - {*WHO})},
            may_decide=badge.role == "finance",
            limit=house.config.refund_approval_above,
            problem=problem,
        )
    return page, status


def _decide(house: House, task_id: uuid.UUID) -> ResponseReturnValue:
    badge, now, form = the_badge(), house.clock(), request.form
    with house.databases.read() as tx:
        own_task(tx, task_id, badge.operator)
    try:
        if form.get("decision") == "approve":
            approval = Approval(badge.actor, house.config.refund_approval_above, now)
            approve(house.databases.write, house.gateways, task_id, approval)
        else:
            reason = " ".join(form.get("reason", "").split())[:300]
            with house.databases.write.begin() as tx:
                reject(tx, task_id, reason, badge.actor, now)
    except (WrongUsage, Conflict) as error:
        return show_refunds(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.refunds"), 303)
