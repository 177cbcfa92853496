"""Shifts for the finance office: who had a till on a day, and who is short or over, how often."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from parking.finance.month import day_asked
from parking.house import House
from parking.people.guard import the_badge
from parking.shifts import history
from payments.db import business_day
from payments.errors import NotFound


def add(pages: Blueprint, house: House) -> None:
    """Put the lists of shifts into `pages`."""

    @pages.get("/shifts")
    def shifts() -> ResponseReturnValue:
        operator, now = the_badge().operator, house.clock()
        day = day_asked(request.args.get("day", "")) or business_day(now)
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
