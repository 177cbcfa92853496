"""The queue of money that belongs to no payment of ours."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from parking.finance.suspense import PAGE, unmatched
from parking.house import House
from parking.people.guard import the_badge
from parking.trace.money import MOVEMENTS


def add(pages: Blueprint, house: House) -> None:
    """Put the queue into `pages`."""

    @pages.get("/unmatched")
    def queue() -> ResponseReturnValue:
        with house.databases.read() as tx:
            found = unmatched(tx, the_badge().operator)
        return render_template(
            "finance/unmatched.html", found=found, names=MOVEMENTS, full=len(found) == PAGE
        )
