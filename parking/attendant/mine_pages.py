"""An attendant's own page: what they decided in their own name, as others see it too."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from parking.house import House
from parking.people.guard import the_badge
from parking.sessions.exemptions import given
from parking.sessions.reasons import REASONS
from payments.db import business_day

#: So many days are looked back on.
DAYS = 30


def add(pages: Blueprint, house: House) -> None:
    """Put the page into `pages`."""

    @pages.get("/mine")
    def mine() -> ResponseReturnValue:
        now, badge = house.clock(), the_badge()
        with house.databases.read() as tx:
            rows = given(tx, now - timedelta(days=DAYS), now + timedelta(seconds=1), by=badge.actor)
        today = business_day(now)
        return render_template(
            "attendant/mine.html",
            rows=rows,
            reasons=REASONS,
            days=DAYS,
            today=sum(row.day == today for row in rows),
            by_reason=Counter(row.reason for row in rows).most_common(),
        )
