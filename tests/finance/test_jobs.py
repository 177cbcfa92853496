"""Finance sees what the night did, and that a step fails before it is asked why a figure is missing."""

from __future__ import annotations

import json

from parking.jobs import Ending, begin, end
from tests.cli.conftest import Parking, parking, settings
from tests.finance.conftest import Desk
from tests.jobs.test_leases import leader

__all__ = ["parking", "settings"]


def reconciled(desk: Desk, ending: Ending) -> None:
    """A run of the night's comparison that ended like that."""
    db, now = desk.town.house.databases, desk.town.now
    won = leader(db)
    run = begin(db.write, won, "reconcile", now, now)
    assert run is not None
    end(db.write, won, run, ending, now)


def test_a_failing_step_is_announced_on_the_month_and_explained_on_its_page(desk: Desk) -> None:
    reconciled(desk, Ending("failed", detail="Unavailable: no statement of quiet"))
    desk.sit()
    month = desk.read("/finance/?lang=en")
    assert "1 steps that run by themselves fail: Compare with providers and banks" in month
    page = desk.read("/finance/jobs?lang=en")
    assert "Unavailable: no statement of quiet" in page


def test_a_night_that_went_well_shows_its_rows_and_disturbs_nobody(desk: Desk) -> None:
    reconciled(desk, Ending("done", 1_234))
    desk.sit()
    assert "run by themselves fail" not in desk.read("/finance/?lang=en")
    page = desk.read("/finance/jobs?lang=vi")
    assert "1.234" in page
    assert "Đối soát với cổng thanh toán và ngân hàng" in page


def test_the_command_lists_every_step_for_people_and_programs(parking: Parking) -> None:
    assert parking("migrate").code == 0
    listed = {job["job"]: job for job in json.loads(parking("jobs", "--json").out)}
    assert listed["reconcile"]["nightly"] is True
    assert listed["poll"]["outcome"] is None
    said = parking("jobs")
    assert "chưa chạy lần nào / never ran" in said.out
