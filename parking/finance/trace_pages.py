"""One dong's whole way, for whoever holds either end of it."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.refunds import Refundable, refundable
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.trace.model import FIGURES, Trace
from parking.trace.service import trace
from parking.web.language import reader_language
from payments.errors import NotFound


def add(pages: Blueprint, house: House) -> None:
    """Put the search and its answer into `pages`."""

    @pages.get("/trace")
    def trace_page() -> ResponseReturnValue:
        return show(house, request.args.get("q", ""))


def show(house: House, query: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The page for `query`; `problem` says what was wrong with the refund form on it."""
    found, back = None, None
    with house.databases.read() as tx:
        try:
            found = trace(tx, query, the_badge().operator) if query.strip() else None
        except NotFound as error:
            problem, status = explain(error, reader_language()), error.http_status
        if found is not None:
            back = _refundable(house, tx, found)
        page = render_template(
            "finance/trace.html",
            query=query,
            found=found,
            figures=FIGURES,
            back=back,
            problem=problem,
            given=request.form,
            key=request.form.get("key") or uuid.uuid4().hex,
        )
    return page, status


def _refundable(house: House, tx: Session, found: Trace) -> Refundable | None:
    """What could go back, when the page is about exactly one payment."""
    if len(found.codes) != 1:
        return None
    offered = refundable(tx, house.tariffs, found.codes[0], the_badge().operator, house.clock())
    return offered if offered.left else None
