"""The months and the days: the city's figure, where it comes from, and what differs."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.claim_pages import at_the_bank
from parking.finance.job_pages import failing_jobs
from parking.finance.month import days_of, read_month, sum_of
from parking.finance.rules import not_parking_of
from parking.finance.uncharged import Span, forgotten_by_lot
from parking.house import House
from parking.job_list import NAMES
from parking.passes.standing import HOURS
from parking.people.guard import the_badge
from parking.reports.daily import CityDay, city_day
from parking.reports.figure import cash_sentence, city_sentence, standing_sentence
from parking.reports.files import as_csv
from parking.reports.stays import added_stays, stays_of
from parking.reports.words import DAY_STATES, break_name
from parking.sessions.states import FIGURE_CLASSES
from parking.watch.service import watched_lots
from parking.watch.silence import Silence, silent_lots
from parking.web.language import reader_language
from payments.db import business_day
from payments.errors import NotFound
from reconciliation.breaks import BreakRow, age_group, list_breaks
from reconciliation.reports.footing import DoesNotFoot
from reconciliation.witnesses import only_stated_on

#: So many differences stand on the page of a day; all of them on a page of their own.
LISTED = 100


def add(pages: Blueprint, house: House) -> None:
    """Put the overview and the pages of a day into `pages`."""

    @pages.get("/")
    def month() -> ResponseReturnValue:
        return _month(house)

    @pages.get("/day/<day>")
    def day(day: str) -> ResponseReturnValue:
        return _day(house, read_day(day))

    @pages.get("/day/<day>/report.csv")
    def report(day: str) -> ResponseReturnValue:
        return _csv(house, read_day(day))


def read_day(text: str) -> date:
    """The day in a page's address, of this century as months are. Raises `NotFound`."""
    try:
        found = date.fromisoformat(text)
        if not 2000 <= found.year < 2100:
            raise ValueError
        return found
    except ValueError as error:
        raise NotFound("There is no day %(day)s.", day=text[:20]) from error


def _month(house: House) -> ResponseReturnValue:
    today = business_day(house.clock())
    wanted = read_month(request.args.get("month", ""), today)
    operator = the_badge().operator
    with house.databases.read() as tx:
        rows = days_of(tx, wanted, operator)
        bank = at_the_bank(house, tx, operator, house.clock())
        silent = _silent(house, tx)
        failing = failing_jobs(tx, house, house.clock())
    return render_template(
        "finance/month.html",
        month=wanted,
        days=rows,
        total=sum_of(rows),
        states=DAY_STATES,
        today=today,
        bank=bank,
        silent=silent,
        failing=failing,
        jobs=NAMES,
    )


def _silent(house: House, tx: Session) -> list[Silence]:
    lots = watched_lots(tx, the_badge().operator_id)
    return [*silent_lots(tx, lots, house.config.silent_lot_percent, house.clock()).values()]


def _found(house: House, tx: Session, day: date) -> CityDay:
    return city_day(tx, day, house.clock(), the_badge().operator)


def _day(house: House, day: date) -> ResponseReturnValue:
    with house.databases.read() as tx:
        try:
            found = _found(house, tx, day)
        except DoesNotFoot as error:
            return render_template("finance/does_not_foot.html", day=day, **error.parts), 409
        breaks = breaks_of(tx, found)
        forgotten = forgotten_by_lot(tx, Span(day, day, the_badge().operator))
        stated = only_stated_on(tx, list(found.states), day)
        stays = stays_of(tx, day, the_badge().operator)
        others = not_parking_of(tx, day, list(found.states))
    language, today = reader_language(), business_day(house.clock())
    return render_template(
        "finance/day.html",
        found=found,
        figure=city_sentence(found, language),
        standing=standing_sentence(found, language),
        cash=cash_sentence(found, language),
        tills=[row for row in found.by_account if row.at_work],
        breaks=breaks[:LISTED],
        unlisted=len(breaks[LISTED:]),
        stated=stated,
        forgotten=forgotten,
        ages={row.id: age_group(row.day, today) for row in breaks[:LISTED]},
        name_of=break_name,
        states=DAY_STATES,
        vehicles=FIGURE_CLASSES,
        hours=HOURS,
        stays=stays,
        all_stays=added_stays(stays),
        others=others,
    )


def breaks_of(tx: Session, found: CityDay) -> list[BreakRow]:
    """The differences of the accounts in the report, open ones first."""
    rows = [row for row in list_breaks(tx, found.day) if row.account in found.states]
    return sorted(rows, key=lambda row: row.state != "open")


def _csv(house: House, day: date) -> Response:
    """The same bytes as `parking report daily --format csv`."""
    with house.databases.read() as tx:
        content = as_csv(_found(house, tx, day))
    response = Response(content, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="parking-{day}.csv"'
    return response
