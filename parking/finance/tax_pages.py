"""A period for the tax office: what its table would hold, what was filed, its VAT, and the files."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.finance.report_files import sent
from parking.finance.report_pages import tools
from parking.house import House
from parking.languages import explain, mark
from parking.lots.models import Operator
from parking.lots.service import operator_by_code
from parking.people.guard import the_badge
from parking.receipts.methods import METHOD_WORDS, method_on
from parking.reports.written import FORMATS, format_named
from parking.tax import form_01
from parking.tax.entries import invoiced
from parking.tax.models import HANDED_OVER
from parking.tax.periods import Period, month_of, read_period
from parking.tax.tables import file_table, table_by_number, tables_of
from parking.tax.vat_summary import vat_summary
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import Conflict, NotFound
from reconciliation.reports.footing import check
from reconciliation.reports.table import Report


def add(pages: Blueprint, house: House) -> None:
    """Put the page and its files into `pages`."""

    @pages.get("/tax")
    def tax() -> ResponseReturnValue:
        return _show(house)

    @pages.post("/tax")
    def file_tax_table() -> ResponseReturnValue:
        return _file(house)

    @pages.get("/tax/<operator>/<period>/<name>.<format_name>")
    def tax_file(operator: str, period: str, name: str, format_name: str) -> ResponseReturnValue:
        return _download(house, operator, read_period(period), name, format_name)


def _operators(tx: Session, mine: str | None) -> Sequence[Operator]:
    query = select(Operator).order_by(Operator.legal_name)
    return tx.scalars(query if mine is None else query.where(Operator.code == mine)).all()


def _own(tx: Session, code: str) -> Operator:
    """The operator, if this person may see it. Raises `NotFound`."""
    mine = the_badge().operator
    if mine not in (None, code):
        raise NotFound(mark("There is no operator %(operator)s."), operator=code)
    return operator_by_code(tx, code)


def _show(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    last_month = month_of(business_day(now)).before
    period = read_period(request.values.get("period", "") or str(last_month))
    with house.databases.read() as tx:
        choices = _operators(tx, badge.operator)
        if not choices:
            raise NotFound(mark("There is no operator yet."))
        operator = _own(tx, request.values.get("operator", "") or choices[0].code)
        draft, summary = form_01.draft(tx, operator, period), vat_summary(tx, operator, period)
        check(summary)
        page = render_template(
            "finance/tax.html",
            operators=choices,
            operator=operator,
            method=METHOD_WORDS[method_on(tx, operator.id, period.last)],
            period=period,
            over=now >= period.span[1],
            today=business_day(now),
            draft=draft.table("transactions"),
            filed=tables_of(tx, operator.id, period),
            waiting=invoiced(tx, operator, period, "asked"),
            invoiced=invoiced(tx, operator, period, *HANDED_OVER),
            summary=summary,
            formats=list(FORMATS),
            may_act=badge.role == "finance",
            problem=problem,
            tools=tools(),
        )
    return page, status


def _file(house: House) -> ResponseReturnValue:
    badge, form = the_badge(), request.form
    period = read_period(form.get("period", ""))
    with house.databases.read() as tx:
        operator = _own(tx, form.get("operator", ""))
    try:
        file_table(house.databases.write, operator, period, badge.actor, house.clock())
    except Conflict as error:
        return _show(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.tax", operator=operator.code, period=period) + "#filed", 303)


def _download(
    house: House, code: str, period: Period, name: str, format_name: str
) -> ResponseReturnValue:
    format_named(format_name)
    with house.databases.read() as tx:
        report = _report(tx, _own(tx, code), period, name)
    check(report)
    return sent(report, format_name, f"parking-{report.kind}-{code}-{period}-{name}.{format_name}")


def _report(tx: Session, operator: Operator, period: Period, name: str) -> Report:
    """The VAT summary, the draft, or the filed table of that number. Raises `NotFound`."""
    if name == "vat":
        return vat_summary(tx, operator, period)
    if name == "draft":
        return form_01.draft(tx, operator, period)
    if not name.isascii() or not name.isdigit():
        raise NotFound(mark("No table number %(number)s was filed for period %(period)s."),
                       number=name[:20], period=period)  # fmt: skip
    return form_01.filed(tx, table_by_number(tx, operator.id, period, int(name[:9])))
