"""Reports: choose one, see it, take it away in four formats, publish it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.month import day_asked
from parking.finance.report_files import sent
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.reports.asked import Asked, operator_names
from parking.reports.kinds import KINDS, kind_named, make
from parking.reports.publishing import publish_report
from parking.reports.speech import speak
from parking.reports.written import FORMATS, file_name, format_named
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Complaint
from reconciliation.reports.chart import drawn
from reconciliation.reports.shown import cell_text, head_of, heading, sentence_text, total_row
from reconciliation.reports.table import NUMBERS, Report

#: Rows of one table on the page; the files have all of them.
MOST_ROWS = 200


def add(pages: Blueprint, house: House) -> None:
    """Put the reports into `pages`."""

    @pages.get("/reports")
    def reports() -> ResponseReturnValue:
        return _page(house, request.args)

    @pages.get("/reports/<kind>.<format_name>")
    def report_file(kind: str, format_name: str) -> ResponseReturnValue:
        return _file(house, kind, format_name)

    @pages.post("/reports/publish")
    def publish_figure() -> ResponseReturnValue:
        return _publish(house)


def _asked(house: House, form: Mapping[str, str]) -> Asked:
    """What the form asks for; yesterday, when it says nothing. Raises `WrongUsage`."""
    now, badge = house.clock(), the_badge()
    yesterday = business_day(now) - timedelta(days=1)
    since = day_asked(form.get("from", "")) or yesterday
    until = day_asked(form.get("to", "")) or since
    return Asked(since, until, badge.operator or form.get("operator") or None, now)


def _page(
    house: House, form: Mapping[str, str], problem: str = "", status: int = 200
) -> ResponseReturnValue:
    """The page; a report that cannot be made leaves the form and says why."""
    kind, found = form.get("kind", "daily"), None
    asked = _asked(house, {})
    try:
        kind_named(kind)
        asked = _asked(house, form)
        with house.databases.read() as tx:
            found = make(tx, kind, asked)
    except Complaint as error:
        problem, status = problem or explain(error, reader_language()), error.http_status
    badge = the_badge()
    with house.databases.read() as tx:
        return render_template(
            "finance/reports.html",
            kinds=[(name, one.title) for name, one in KINDS.items()],
            kind=kind,
            asked=asked,
            operators=operator_names(tx) if badge.operator is None else {},
            report=found,
            drawings=_drawings(found) if found else [],
            may_publish=badge.role == "finance",
            problem=problem,
            formats=list(FORMATS),
            **tools(),
        ), status


def _drawings(report: Report) -> list[object]:
    language = speak(reader_language())
    return [one for chart in report.charts if (one := drawn(report, chart, language))]


def tools() -> dict[str, object]:
    """What a template needs to write down a report in the reader's language."""
    language = speak(reader_language())
    return {
        "cell_text": partial(cell_text, language=language),
        "heading": partial(heading, language=language),
        "sentence_text": partial(sentence_text, language=language),
        "head": partial(head_of, language=language),
        "total_row": partial(total_row, language=language),
        "numbers": NUMBERS,
        "most_rows": MOST_ROWS,
    }


def _file(house: House, kind: str, format_name: str) -> ResponseReturnValue:
    format_named(format_name)
    asked = _asked(house, request.args)
    with house.databases.read() as tx:
        found = make(tx, kind, asked)
    return sent(found, format_name, file_name(kind, asked, reader_language(), format_name))


def _publish(house: House) -> ResponseReturnValue:
    form, badge = request.form, the_badge()
    kind = form.get("kind", "")
    try:
        asked = _asked(house, form)
        figure = publish_report(house.databases, kind, asked, badge.actor, form.get("reason", ""))
    except Complaint as error:
        return _page(house, form, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.published_figure", number=figure.number), 303)


def as_file(body: bytes, content_type: str, name: str) -> Response:
    """Bytes a browser saves under `name`."""
    response = Response(body, content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
