"""Shifts for the finance office: who had a till on a day, and who is short or over, how often."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from parking.house import House
from parking.people.guard import the_badge
from parking.shifts import history
from payments.db import business_day
from payments.errors import NotFound, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the lists of shifts into `pages`."""

    @pages.get("/shifts")
    def shifts() -> ResponseReturnValue:
        operator, now = the_badge().operator, house.clock()
        day = _day(request.args.get("day", ""), business_day(now))
        with house.databases.read() as tx:
            return render_template(
                "finance/shifts.html",
                day=day,
                before=day - timedelta(days=1),
                after=day + timedelta(days=1),
                rows=history.shifts_of_day(tx, day, operator),
                records=history.records(tx, operator, now),
                days=history.LATELY.days,
            )

    @pages.get("/shifts/<username>")
    def shifts_of(username: str) -> ResponseReturnValue:
        with house.databases.read() as tx:
            rows = history.shifts_of(tx, username, the_badge().operator)
            if not rows:
                raise NotFound("%(username)s has worked no shift here.", username=username[:40])
            return render_template("finance/shifts_of.html", rows=rows, person=rows[0].person)


def _day(text: str, today: date) -> date:
    """The day in the address; today when none is written. Raises `WrongUsage`."""
    try:
        return date.fromisoformat(text) if text else today
    except ValueError as error:
        raise WrongUsage("%(day)s is not a day; write it as 2026-11-20.", day=text[:20]) from error
