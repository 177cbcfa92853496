"""Several processes, one timetable: each slot runs once, whoever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from parking.clockwork import Clockwork, Job, Work
from parking.jobs import FIRST_BACK_OFF, JobRun, lead
from parking.slots import Daily, Every
from payments import audit
from payments.db import Databases
from payments.models import Audit
from tests.jobs.process import TERM

ROOT = Path(__file__).resolve().parents[2]
QUICK = timedelta(milliseconds=800)
NIGHTLY = Daily(clock_time(0, 30))


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


@contextmanager
def running(clockwork: Clockwork) -> Iterator[None]:
    clockwork.start()
    try:
        yield
    finally:
        clockwork.stop()


def runs(databases: Databases) -> list[tuple[str, int, str]]:
    with databases.read() as tx:
        rows = tx.execute(
            select(JobRun.job, JobRun.attempt, JobRun.outcome).order_by(JobRun.attempt)
        )
        return [(row.job, row.attempt, row.outcome) for row in rows]


def test_of_four_processes_one_leads_and_when_it_is_killed_another_follows(
    database_url: str, tmp_path: Path
) -> None:
    out = tmp_path / "slots"
    out.touch()

    def lines() -> list[list[str]]:
        return [line.split() for line in out.read_text().splitlines()]

    command = [sys.executable, "-m", "tests.jobs.process", database_url, str(out)]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    try:
        until(lambda: len(lines()) >= 2)
        leader = int(lines()[0][0])
        assert {int(pid) for pid, _ in lines()} == {leader}
        os.kill(leader, signal.SIGKILL)
        killed = time.monotonic()
        until(lambda: int(lines()[-1][0]) != leader)
        # the lease, one slot to wait for, and a slow machine's patience
        assert time.monotonic() - killed < TERM.total_seconds() + 3
        until(lambda: len({slot for _, slot in lines()}) >= 4)
    finally:
        for process in processes:
            process.terminate()
        codes = sorted(process.wait(10) for process in processes)
    assert codes == [-signal.SIGKILL, 0, 0, 0]
    worked_on = [slot for _, slot in lines()]
    assert len(worked_on) == len(set(worked_on))
    assert len({pid for pid, _ in lines()}) == 2


def test_a_slot_missed_while_nothing_ran_is_caught_up_once(
    databases: Databases, now: datetime
) -> None:
    worked: list[datetime] = []
    timetable = (Job("nightly", NIGHTLY, noting(worked)),)
    with running(Clockwork(databases, lambda: now, timetable, QUICK)):
        until(lambda: runs(databases) == [("nightly", 1, "done")])
    with running(Clockwork(databases, lambda: now, timetable, QUICK)):
        time.sleep(0.6)
    assert worked == [now]
    assert runs(databases) == [("nightly", 1, "done")]


def test_a_failed_slot_is_tried_again_after_a_rest(
    databases: Databases, now: datetime, caplog: pytest.LogCaptureFixture
) -> None:
    times = [now]

    def work(_db: sessionmaker[Session], at: datetime) -> int:
        if at == now:
            raise ValueError("the provider sent nonsense\nsecond line")
        return 7

    with running(Clockwork(databases, lambda: times[-1], (Job("job", NIGHTLY, work),), QUICK)):
        until(lambda: runs(databases) == [("job", 1, "failed")])
        times.append(now + FIRST_BACK_OFF)
        until(lambda: runs(databases) == [("job", 1, "failed"), ("job", 2, "done")])
    with databases.read() as tx:
        told = tx.execute(select(JobRun.detail, JobRun.rows).order_by(JobRun.attempt)).all()
    assert told == [("ValueError: the provider sent nonsense", None), ("", 7)]
    assert "job failed, attempt 1" in caplog.text


def test_work_that_outlives_its_leader_leaves_nothing(databases: Databases, now: datetime) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(db: sessionmaker[Session], at: datetime) -> int:
        begun.set()
        go_on.wait(10)
        with db.begin() as tx:
            audit.append(tx, "system", "too late", "x", {}, at)
        return 1

    clockwork = Clockwork(databases, lambda: now, (Job("slow", NIGHTLY, work),), QUICK)
    clockwork.start()
    begun.wait(10)
    clockwork.stop()
    assert lead(databases.write, "timetable", "next", QUICK) is not None
    go_on.set()
    until(lambda: not any("ThreadPool" in thread.name for thread in threading.enumerate()))
    assert runs(databases) == [("slow", 1, "running")]
    with databases.read() as tx:
        assert tx.scalars(select(Audit)).all() == []


def noting(worked: list[datetime]) -> Work:
    """Work that only remembers when it was done."""

    def work(_db: sessionmaker[Session], at: datetime) -> int:
        worked.append(at)
        return len(worked)

    return work


def test_standing_by_does_nothing(databases: Databases) -> None:
    lead(databases.write, "timetable", "somebody else", timedelta(minutes=1))
    worked: list[datetime] = []
    timetable = (Job("often", Every(seconds=1), noting(worked)),)
    with running(Clockwork(databases, lambda: datetime.now(UTC), timetable, QUICK)):
        time.sleep(1.2)
    assert worked == []


def test_a_database_that_is_away_stops_neither_the_start_nor_the_stop(
    databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    with databases.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE lease RENAME TO gone")
    with running(Clockwork(databases, lambda: datetime.now(UTC), (), QUICK)):
        until(lambda: "could not be renewed" in caplog.text)
