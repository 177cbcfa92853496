"""What ran by itself, as people look at it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from parking.clockwork import Job
from parking.job_list import NAMES, job_states, nights
from parking.jobs import FIRST_BACK_OFF, Ending, begin, end
from parking.scheduler import timetable
from parking.slots import Daily, Every
from parking.tariffs import load_book
from payments.db import Databases
from tests.jobs.test_leases import leader
from tests.jobs.test_timetable import no_rails

NIGHT = Job("reconcile", Daily(time(0, 30)), lambda _db, _now: 1)
OFTEN = Job("poll", Every(seconds=10), lambda _db, _now: 1)


def run(databases: Databases, job: Job, ending: Ending, now: datetime) -> None:
    won = leader(databases)
    begun = begin(databases.write, won, job.name, job.when.last(now), now)
    assert begun is not None
    end(databases.write, won, begun, ending, now)


def test_every_job_of_the_timetable_has_a_name_for_people(now: datetime) -> None:
    assert {job.name for job in timetable(no_rails(now), load_book())} == set(NAMES)


def test_what_never_ran_is_due_at_once(databases: Databases, now: datetime) -> None:
    with databases.read() as tx:
        (state,) = job_states(tx, [NIGHT], now)
    assert (state.latest, state.next_try, state.at_night) == (None, now, True)


def test_what_is_done_waits_for_its_next_slot(databases: Databases, now: datetime) -> None:
    run(databases, NIGHT, Ending("done", 12), now)
    with databases.read() as tx:
        (state,) = job_states(tx, [NIGHT], now)
    assert state.latest is not None
    assert (state.latest.rows, state.next_try) == (12, NIGHT.when.last(now) + timedelta(days=1))


def test_what_failed_stands_first_and_is_tried_again_after_its_rest(
    databases: Databases, now: datetime
) -> None:
    run(databases, NIGHT, Ending("failed", detail="no answer"), now)
    run(databases, OFTEN, Ending("done", 0), now)
    with databases.read() as tx:
        first, second = job_states(tx, [OFTEN, NIGHT], now)
    assert (first.job, first.failed, first.next_try) == (NIGHT, True, now + FIRST_BACK_OFF)
    assert (second.job, second.failed) == (OFTEN, False)


def test_a_night_shows_every_attempt_of_a_fortnight(databases: Databases, now: datetime) -> None:
    run(databases, NIGHT, Ending("failed", detail="no answer"), now - timedelta(days=15))
    run(databases, NIGHT, Ending("failed", detail="no answer"), now)
    run(databases, NIGHT, Ending("done", 3), now + FIRST_BACK_OFF)
    run(databases, OFTEN, Ending("done", 1), now)
    with databases.read() as tx:
        seen = [(run.attempt, run.outcome) for run in nights(tx, [OFTEN, NIGHT], now)]
    assert seen == [(2, "done"), (1, "failed")]


@pytest.mark.parametrize("when", [NIGHT.when, OFTEN.when])
def test_the_next_slot_is_the_one_after_the_latest(when: Daily | Every, now: datetime) -> None:
    following = when.next(now)
    assert following > now
    assert when.last(following) == following
    assert when.last(following - timedelta(microseconds=1)) == when.last(now)
