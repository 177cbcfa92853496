"""One dong's whole way, for whoever holds either end of it."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.refunds import Refundable, refundable
from parking.house import House
from parking.languages import explain, mark
from parking.people.guard import the_badge
from parking.reports.words import RESOLUTIONS
from parking.sessions.unrecorded import SERVICE
from parking.trace.model import FIGURES, Stage, Step, Trace
from parking.trace.service import trace
from parking.web.actors import names_of
from parking.web.language import reader_language
from payments.errors import NotFound

#: The parts of the way, and the stages that open them. A way only goes on: what follows the bank's
#: credit, such as its booking, stays with it.
CHAPTERS = (
    (mark("At the lot"), (Stage.SIGN, Stage.SESSION)),
    (mark("Payment and books"), (Stage.QUOTE, Stage.PAYMENT, Stage.MOVEMENT)),
    (mark("The provider's file"), (Stage.LINE, Stage.BREAK)),
    (mark("Payout and bank"), (Stage.PAYOUT, Stage.BANK)),
    (mark("The day's figure"), (Stage.TOTAL, Stage.PUBLISHED)),
    (mark("Certificate and seal"), (Stage.CERTIFICATE, Stage.SEAL)),
)

#: A large lot's payout has thousands of lines; the command prints them all.
MOST_SHARES = 200

#: Who did it, where it was no person.
WHO = {
    "driver": mark("Driver"),
    "ours": mark("Our system"),
    "webhook": mark("Provider's notice"),
    "poll": mark("Asked of the provider"),
    "answer": mark("Provider's answer"),
    "statement": mark("Uploaded bank statement"),
    SERVICE: mark("Our system"),
    "system:paid-twice": mark("Our system"),
    "reconciliation": mark("Reconciliation"),
    "open": mark("Unexplained"),
    **RESOLUTIONS,
}


def chapters(found: Trace) -> list[tuple[str, list[Step]]]:
    """The steps under the names of the parts of the way; parts nothing happened in are left out."""
    parts: list[tuple[str, list[Step]]] = [(name, []) for name, _ in CHAPTERS]
    here = 0
    for step in found.steps:
        opened = (at for at, (_, stages) in enumerate(CHAPTERS) if step.stage in stages)
        here = max(here, *opened, 0)
        parts[here][1].append(step)
    return [part for part in parts if part[1]]


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
            chapters=chapters(found) if found else [],
            figures=FIGURES,
            who=WHO | _people(tx, found),
            own=the_badge().operator,
            back=back,
            shown=MOST_SHARES,
            problem=problem,
            given=request.form,
            key=request.form.get("key") or uuid.uuid4().hex,
        )
    return page, status


def _people(tx: Session, found: Trace | None) -> dict[str, str]:
    """The names of those who took part."""
    return dict(names_of(tx, {step.by for step in found.steps} - {*WHO})) if found else {}


def _refundable(house: House, tx: Session, found: Trace) -> Refundable | None:
    """What could go back, when the page is about exactly one payment and its reader may do it."""
    badge = the_badge()
    if len(found.codes) != 1 or badge.role != "finance":
        return None
    offered = refundable(tx, house.tariffs, found.codes[0], badge.operator, house.clock())
    return offered if offered.left else None
