"""The one process among many that runs the timetable.

APScheduler is only the clock. A lease decides who leads; `job_run` decides what is due, so that a
slot missed while nobody led is caught up and a failed one is tried again. Work is done through a
fenced database: a leader that was frozen and overtaken cannot write.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from parking import jobs
from parking.slots import Daily, When
from payments.db import Databases
from payments.provider import Clock

log = logging.getLogger(__name__)

LEASE = "timetable"
#: How long a dead leader is missed: the next one takes over within this time.
TERM = timedelta(seconds=15)
#: How long running work may go on after the stop; then its next commit is refused.
GRACE_SECONDS = 3.0

#: What a job does, and how many things it worked through.
Work = Callable[[sessionmaker[Session], datetime], int]


@dataclass(frozen=True, slots=True)
class Job:
    """One row of the timetable. `work` gets the database to work through and the time, and may be
    run again at any moment: it finds out by itself what is still open."""

    name: str
    when: When
    work: Work


def nightly(timetable: Sequence[Job]) -> list[str]:
    """The names of the jobs that run once a day."""
    return [job.name for job in timetable if isinstance(job.when, Daily)]


class Clockwork:
    """Runs `timetable` while this process leads, and stands by while it does not."""

    def __init__(
        self,
        databases: Databases,
        clock: Clock,
        timetable: Sequence[Job],
        term: timedelta = TERM,
    ) -> None:
        self._databases = databases
        self._now = clock
        self._timetable = timetable
        # three beats to a lease: two renewals may fail, and the fourth beat finds a dead leader gone
        self._beat = term / 4
        self._holder = secrets.token_hex(16)
        self._leadership: jobs.Leadership | None = None
        self._leading = threading.Lock()
        self._stopped = False
        self._at_work = {job.name: threading.Lock() for job in timetable}
        self._clock = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": 3600},
        )

    def start(self) -> None:
        """Begin in threads of this process; a slot missed while nobody led is caught up at once."""
        for job in self._timetable:
            self._clock.add_job(self._turn, job.when.trigger(), args=[job], id=job.name)
        self._clock.add_job(self._watch, "interval", seconds=self._beat.total_seconds(), id="watch")
        self._clock.start()
        self._watch()

    def stop(self) -> None:
        """Begin nothing new, let running work finish for a moment, and hand the lease on."""
        self._clock.shutdown(wait=False)
        deadline = time.monotonic() + GRACE_SECONDS
        for lock in self._at_work.values():
            lock.acquire(timeout=max(0.0, deadline - time.monotonic()))
        with self._leading:
            self._stopped = True
            if self._leadership is not None:
                self._resign(self._leadership)

    def _resign(self, leadership: jobs.Leadership) -> None:
        try:
            jobs.resign(self._databases.write, leadership)
        except SQLAlchemyError as error:
            log.warning("the lease runs out by itself: %s", first_line(error))

    def _watch(self) -> None:
        """Renew the lease, or win it; then look for slots that were missed or may be tried again."""
        with self._leading:
            if not self._stopped and self._lead():
                for job in self._timetable:
                    self._clock.add_job(
                        self._turn, args=[job], id=f"{job.name} again", replace_existing=True
                    )

    def _lead(self) -> bool:
        before = self._leadership
        try:
            self._leadership = jobs.lead(self._databases.write, LEASE, self._holder, self._beat * 3)
        except SQLAlchemyError as error:
            log.warning("the lease could not be renewed: %s", first_line(error))
            return False
        if self._leadership != before:
            log.info("leading the timetable" if self._leadership else "standing by")
        return self._leadership is not None

    def _turn(self, job: Job) -> None:
        """Do what `job` owes now, if this process leads and is not at it already."""
        leadership, lock = self._leadership, self._at_work[job.name]
        if leadership is None or not lock.acquire(blocking=False):
            return
        try:
            if self._owes(job):
                self._run(job, leadership)
        except (SQLAlchemyError, jobs.LostLease) as error:
            log.warning("%s could not be written down: %s", job.name, first_line(error))
        finally:
            lock.release()

    def _owes(self, job: Job) -> bool:
        now = self._now()
        with self._databases.read() as tx:
            latest = jobs.latest_run(tx, job.name, job.when.last(now))
        return jobs.next_attempt(latest, now) is not None

    def _run(self, job: Job, leadership: jobs.Leadership) -> None:
        db, now = self._databases.write, self._now()
        run = jobs.begin(db, leadership, job.name, job.when.last(now), now)
        if run is None:
            return
        try:
            ending = jobs.Ending("done", job.work(jobs.fenced(db, leadership), now))
        except jobs.LostLease:
            raise
        except Exception as error:  # whatever it was, the timetable goes on and the run says so
            log.exception("%s failed, attempt %s", job.name, run.attempt)
            ending = jobs.Ending("failed", detail=first_line(error))
        jobs.end(db, leadership, run, ending, self._now())


def first_line(error: Exception) -> str:
    """An error without the statement and the values a database error carries along."""
    return f"{type(error).__name__}: {error}".splitlines()[0]
