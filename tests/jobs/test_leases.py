"""One leader at a time, by the database's clock; a stale one cannot write."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from parking.jobs import (
    FIRST_BACK_OFF,
    LONGEST_BACK_OFF,
    Ending,
    JobRun,
    Leadership,
    LostLease,
    back_off,
    begin,
    database_time,
    end,
    failing,
    fenced,
    forget_runs,
    lead,
    next_attempt,
    resign,
)
from payments import audit
from payments.db import Databases
from payments.models import Audit

TERM = timedelta(seconds=30)
OVER = timedelta(seconds=-1)


def leader(databases: Databases, holder: str = "one", term: timedelta = TERM) -> Leadership:
    won = lead(databases.write, "test", holder, term)
    assert won is not None
    return won


def test_the_database_tells_the_time(databases: Databases) -> None:
    with databases.read() as tx:
        told = database_time(tx)
    assert abs(told - datetime.now(UTC)) < timedelta(seconds=5)


def test_only_the_first_of_two_leads_and_renewing_keeps_its_token(databases: Databases) -> None:
    first = leader(databases)
    assert lead(databases.write, "test", "two", TERM) is None
    assert leader(databases) == first


def test_a_lease_that_ran_out_goes_to_the_next_with_a_higher_token(databases: Databases) -> None:
    first = leader(databases, term=OVER)
    second = leader(databases, "two")
    assert second.token > first.token
    assert lead(databases.write, "test", "one", TERM) is None


def test_a_lease_ends_by_itself(databases: Databases) -> None:
    leader(databases, term=timedelta(milliseconds=300))
    assert lead(databases.write, "test", "two", TERM) is None
    time.sleep(0.35)
    assert lead(databases.write, "test", "two", TERM) is not None


def test_who_resigns_is_followed_at_once(databases: Databases) -> None:
    resign(databases.write, leader(databases))
    assert lead(databases.write, "test", "two", TERM) is not None


def test_who_was_overtaken_resigns_nothing(databases: Databases) -> None:
    stale = leader(databases, term=OVER)
    second = leader(databases, "two")
    resign(databases.write, stale)
    assert leader(databases, "two") == second


def test_a_stale_leader_cannot_write(databases: Databases, now: datetime) -> None:
    stale = fenced(databases.write, leader(databases, term=OVER))
    leader(databases, "two")
    with pytest.raises(LostLease), stale.begin() as tx:
        audit.append(tx, "system", "test", "x", {}, now)
    with databases.read() as tx:
        assert tx.scalars(select(Audit)).all() == []


def test_a_leader_writes_through_its_fence(databases: Databases, now: datetime) -> None:
    with fenced(databases.write, leader(databases)).begin() as tx:
        audit.append(tx, "system", "test", "x", {}, now)
    with databases.read() as tx:
        assert len(tx.scalars(select(Audit)).all()) == 1


def test_the_fence_holds_no_other_work_back(databases: Databases, now: datetime) -> None:
    fenced(databases.write, leader(databases, term=OVER))
    leader(databases, "two")
    with databases.write.begin() as tx:
        audit.append(tx, "system", "test", "x", {}, now)


def test_a_slot_that_is_done_is_never_run_again(databases: Databases, now: datetime) -> None:
    won = leader(databases)
    run = begin(databases.write, won, "job", now, now)
    assert run is not None
    end(databases.write, won, run, Ending("done", 7), now)
    assert begin(databases.write, won, "job", now, now + timedelta(days=1)) is None


def test_a_failed_slot_rests_then_is_tried_again_and_can_be_seen(
    databases: Databases, now: datetime
) -> None:
    won = leader(databases)
    run = begin(databases.write, won, "job", now, now)
    assert run is not None
    end(databases.write, won, run, Ending("failed", detail="x" * 1000), now)
    with databases.read() as tx:
        (seen,) = failing(tx)
    assert (seen.attempt, len(seen.detail)) == (1, 300)
    assert begin(databases.write, won, "job", now, now + FIRST_BACK_OFF / 2) is None
    again = begin(databases.write, won, "job", now, now + FIRST_BACK_OFF)
    assert again is not None
    assert again.attempt == 2
    end(databases.write, won, again, Ending("done"), now)
    with databases.read() as tx:
        assert failing(tx) == []


def test_a_run_its_leader_died_in_is_taken_up_by_the_next(
    databases: Databases, now: datetime
) -> None:
    dead = leader(databases, term=OVER)
    left = begin(databases.write, dead, "job", now, now)
    assert left is not None
    taken = begin(databases.write, leader(databases, "two"), "job", now, now)
    assert taken is not None
    assert taken.attempt == 2
    with pytest.raises(LostLease):
        end(databases.write, dead, left, Ending("done"), now)


def test_finished_runs_are_forgotten_and_failed_ones_kept(
    databases: Databases, now: datetime
) -> None:
    won = leader(databases)
    for job, outcome in (("good", "done"), ("bad", "failed"), ("nightly", "done")):
        run = begin(databases.write, won, job, now, now)
        assert run is not None
        end(databases.write, won, run, Ending(outcome), now)
    assert forget_runs(databases.write, ["good", "bad"], now) == 0
    assert forget_runs(databases.write, ["good", "bad"], now + timedelta(seconds=1)) == 1
    with databases.read() as tx:
        assert tx.scalars(select(JobRun.job).order_by(JobRun.job)).all() == ["bad", "nightly"]


def test_waiting_grows_to_half_an_hour_and_no_further() -> None:
    waits = [back_off(attempt) for attempt in range(1, 100)]
    assert waits[:3] == [FIRST_BACK_OFF, FIRST_BACK_OFF * 2, FIRST_BACK_OFF * 4]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_BACK_OFF


def test_a_slot_nobody_tried_is_due(now: datetime) -> None:
    assert next_attempt(None, now) == 1
