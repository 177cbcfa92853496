"""One difference, opened: what we recorded beside what they told us."""

from __future__ import annotations

import uuid

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from parking.finance.sides import rows_of, sides_of
from parking.house import House
from parking.people.guard import the_badge
from parking.reports.words import BREAK_NAMES, LEGS, RESOLUTIONS
from payments.db import business_day
from reconciliation.breaks import age_group


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a difference into `pages`."""

    @pages.get("/break/<uuid:break_id>")
    def difference(break_id: uuid.UUID) -> ResponseReturnValue:
        today = business_day(house.clock())
        with house.databases.read() as tx:
            sides = sides_of(tx, break_id, the_badge().operator)
            return render_template(
                "finance/break.html",
                sides=sides,
                rows=list(rows_of(sides)),
                name=BREAK_NAMES[sides.difference.kind],
                leg=LEGS[sides.difference.leg],
                resolution=RESOLUTIONS.get(
                    sides.difference.resolution or "", sides.difference.resolution
                ),
                age=age_group(sides.difference.day, today),
            )
