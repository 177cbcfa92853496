"""Who paid for drivers, and how often: one line per attendant and month."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from parking.house import House
from parking.languages import mark
from parking.people.guard import the_badge
from parking.people.models import Person
from parking.sessions.proxies import proxy_counts
from payments.db import business_day
from payments.errors import NotFound


def add(pages: Blueprint, house: House) -> None:
    """Put the list of those who paid for drivers into `pages`."""

    @pages.get("/proxies")
    def proxies() -> ResponseReturnValue:
        month = request.args.get("month", "")
        return _page(house, _first(month) if month else business_day(house.clock()).replace(day=1))


def _first(month: str) -> date:
    """The first day of a month written as 2026-11. Raises `NotFound`."""
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise NotFound(mark("There is no month %(month)s."), month=month[:20]) from error


def _page(house: House, first: date) -> str:
    after = (first + timedelta(days=31)).replace(day=1)
    with house.databases.read() as tx:
        counts = proxy_counts(tx, first, after - timedelta(days=1), operator=the_badge().operator)
        usernames = [count.by.removeprefix("person:") for count in counts]
        query = select(Person.username, Person.name).where(Person.username.in_(usernames))
        names = {f"person:{row.username}": row.name for row in tx.execute(query)}
    return render_template(
        "finance/proxies.html",
        counts=counts,
        names=names,
        first=first,
        before=(first - timedelta(days=1)).replace(day=1),
        after=after if after <= business_day(house.clock()) else None,
    )
