"""What the night did: each step with start, end, rows and outcome, and when it is tried next."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.house import House
from parking.job_list import NAMES, OUTCOMES, JobState, job_states, nights
from parking.scheduler import timetable


def add(pages: Blueprint, house: House) -> None:
    """Put the list of runs into `pages`."""

    @pages.get("/jobs")
    def runs() -> ResponseReturnValue:
        jobs, now = timetable(house.gateways, house.tariffs), house.clock()
        with house.databases.read() as tx:
            return render_template(
                "finance/jobs.html",
                states=job_states(tx, jobs, now),
                nights=nights(tx, jobs, now),
                names=NAMES,
                outcomes=OUTCOMES,
            )


def failing_jobs(tx: Session, house: House, now: datetime) -> list[JobState]:
    """The steps whose latest attempt failed."""
    jobs = timetable(house.gateways, house.tariffs)
    return [state for state in job_states(tx, jobs, now) if state.failed]
