"""The page of what was not charged in a month."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from parking.finance.month import read_month
from parking.finance.uncharged import (
    MOST_UNPAID,
    Span,
    exemptions_of,
    forgotten_by_lot,
    unpaid_stays,
)
from parking.house import House
from parking.people.guard import the_badge
from parking.sessions.reasons import REASONS
from payments.db import business_day


def add(pages: Blueprint, house: House) -> None:
    """Put the page into `pages`."""

    @pages.get("/uncharged")
    def uncharged() -> ResponseReturnValue:
        now = house.clock()
        month = read_month(request.args.get("month", ""), business_day(now))
        span = Span(month.first, month.last, the_badge().operator)
        with house.databases.read() as tx:
            exemptions = exemptions_of(tx, span)
            lots = forgotten_by_lot(tx, span)
            stays = unpaid_stays(tx, house.tariffs, span, now)
        people: Counter[str] = Counter()
        for row in exemptions:
            people[row.who] += row.count
        return render_template(
            "finance/uncharged.html",
            month=month,
            today=business_day(now),
            exemptions=exemptions,
            people=people.most_common(),
            reasons=REASONS,
            lots=lots,
            stays=stays,
            most=MOST_UNPAID,
        )
