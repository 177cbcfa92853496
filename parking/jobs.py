"""Leadership and job runs: with many processes, each job runs once, and a missed slot is caught up.

A lease row with a fencing token names the one process that runs the timetable; `job_run` is the
second belt: a slot that ran is never run again. Both use the database's own clock and no session
locks, so a transaction pooler does no harm.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sqlalchemy import UniqueConstraint, delete, event, select, text, true
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from payments.db import Base, insert_once, new_id
from payments.errors import Conflict

#: Wait before a failed slot is tried again: this long, doubled each time, at most `LONGEST_BACK_OFF`.
FIRST_BACK_OFF = timedelta(seconds=30)
LONGEST_BACK_OFF = timedelta(minutes=30)

#: Longest detail kept with a run, in characters.
DETAIL_LENGTH = 300


class Lease(Base):
    """Who leads, until when. `token` grows with every change of holder: a stale leader cannot write."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    token: Mapped[int]
    expires_at: Mapped[datetime]


class JobRun(Base):
    """One attempt at one slot of one job. `outcome`: running, done or failed; `rows`: how many things
    it worked through, once it is done."""

    __tablename__ = "job_run"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    job: Mapped[str]
    slot: Mapped[datetime]
    attempt: Mapped[int]
    token: Mapped[int]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    detail: Mapped[str]
    rows: Mapped[int | None]

    __table_args__ = (UniqueConstraint("job", "slot", "attempt"),)


class LostLease(Conflict):
    """Another process leads by now, so nothing this one still writes may count."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """A lease as it was won: `token` is what every later write is checked against."""

    name: str
    token: int


def database_time(tx: Session) -> datetime:
    """The database's own clock, which all processes share."""
    if tx.get_bind().dialect.name == "sqlite":
        written: str = tx.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
        return datetime.fromisoformat(written).replace(tzinfo=UTC)
    instant: datetime = tx.execute(text("SELECT clock_timestamp()")).scalar_one()
    return instant.astimezone(UTC)


def lead(db: sessionmaker[Session], name: str, holder: str, term: timedelta) -> Leadership | None:
    """Win or renew the lease `name` for `term`; None while another holder's has not run out.

    `holder` names one process for its whole life and is never used again.
    """
    with db.begin() as tx:
        lease = tx.get(Lease, name, with_for_update=True)
        if lease is None:
            insert_once(tx, Lease(name=name, holder="", token=0, expires_at=database_time(tx)))
            lease = tx.get_one(Lease, name, with_for_update=True)
        time = database_time(tx)
        if lease.holder != holder:
            if lease.expires_at > time:
                return None
            lease.holder, lease.token = holder, lease.token + 1
        lease.expires_at = time + term
        return Leadership(name, lease.token)


def resign(db: sessionmaker[Session], leadership: Leadership) -> None:
    """Give the lease back so that the next process need not wait; whoever lost it gives back nothing."""
    with db.begin() as tx:
        lease = tx.get(Lease, leadership.name, with_for_update=True)
        if lease is not None and lease.token == leadership.token:
            lease.holder, lease.token = "", lease.token + 1
            lease.expires_at = database_time(tx)


@lru_cache(
    maxsize=4
)  # one for each leadership: SQLAlchemy remembers every listener it was ever given
def fenced(db: sessionmaker[Session], leadership: Leadership) -> sessionmaker[Session]:
    """`db` for work done as leader: every commit raises `LostLease` once the lease changed hands.

    The lease row stays share-locked from the check to the commit, so nobody can win it in between.
    """
    maker: sessionmaker[Session] = sessionmaker(**db.kw)
    mine = select(Lease.token).where(Lease.name == leadership.name).with_for_update(read=True)

    @event.listens_for(maker, "before_commit")
    def check(tx: Session) -> None:
        if tx.scalar(mine) != leadership.token:
            raise LostLease("Another process runs the timetable by now.")

    return maker


def latest_run(tx: Session, job: str, slot: datetime | None = None) -> JobRun | None:
    """The latest attempt at one slot; without a slot, at the latest one there is."""
    at = JobRun.slot == slot if slot is not None else true()
    return tx.scalar(
        select(JobRun)
        .where(JobRun.job == job, at)
        .order_by(JobRun.slot.desc(), JobRun.attempt.desc())
        .limit(1)
    )


def back_off(attempt: int) -> timedelta:
    """How long a slot rests after its `attempt`-th failure."""
    return min(FIRST_BACK_OFF * (1 << min(attempt - 1, 10)), LONGEST_BACK_OFF)


def next_attempt(latest: JobRun | None, now: datetime) -> int | None:
    """The number of the attempt that is due at `now`; None when the slot is done or must rest.

    Only the leader asks, and never while it works on the job itself: a run that still says
    `running` was abandoned by a process that died or lost the lease.
    """
    if latest is None:
        return 1
    if latest.outcome == "done":
        return None
    if latest.outcome == "failed" and latest.ended_at is not None:
        rested = now >= latest.ended_at + back_off(latest.attempt)
        return latest.attempt + 1 if rested else None
    return latest.attempt + 1


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: ``done`` with `rows` worked through, or ``failed`` because of `detail`."""

    outcome: str
    rows: int | None = None
    detail: str = ""


def begin(
    db: sessionmaker[Session], leadership: Leadership, job: str, slot: datetime, now: datetime
) -> JobRun | None:
    """Write down that the slot is being worked on; None when nothing is due. Raises `LostLease`."""
    with fenced(db, leadership).begin() as tx:
        attempt = next_attempt(latest_run(tx, job, slot), now)
        if attempt is None:
            return None
        run = JobRun(
            id=new_id(),
            job=job,
            slot=slot,
            attempt=attempt,
            token=leadership.token,
            started_at=now,
            outcome="running",
            detail="",
        )
        return run if insert_once(tx, run) else None


def end(
    db: sessionmaker[Session],
    leadership: Leadership,
    run: JobRun,
    ending: Ending,
    now: datetime,
) -> None:
    """Write down how `run` ended. Raises `LostLease`."""
    with fenced(db, leadership).begin() as tx:
        row = tx.get_one(JobRun, run.id)
        row.outcome, row.rows = ending.outcome, ending.rows
        row.detail = ending.detail[:DETAIL_LENGTH]
        row.ended_at = now


def forget_runs(db: sessionmaker[Session], jobs: Collection[str], before: datetime) -> int:
    """Delete finished runs of `jobs` for slots before `before`; how many. They say nothing about money."""
    with db.begin() as tx:
        old = delete(JobRun).where(
            JobRun.job.in_(jobs), JobRun.slot < before, JobRun.outcome == "done"
        )
        return tx.connection().execute(old).rowcount


def latest_runs(tx: Session, jobs: Iterable[str]) -> dict[str, JobRun]:
    """The latest attempt of each of `jobs` that ever ran. Asked of the key job by job: a week of runs
    has a hundred thousand rows, and a page asks."""
    found = {job: latest_run(tx, job) for job in jobs}
    return {job: run for job, run in found.items() if run is not None}


def failing(tx: Session) -> list[JobRun]:
    """The jobs whose latest attempt failed, by that attempt."""
    ever = tx.scalars(select(JobRun.job).distinct().order_by(JobRun.job)).all()
    return [run for run in latest_runs(tx, ever).values() if run.outcome == "failed"]


def runs_of(tx: Session, jobs: Collection[str], since: datetime) -> Sequence[JobRun]:
    """Every attempt of `jobs` at slots since then, newest first."""
    wanted = select(JobRun).where(JobRun.job.in_(jobs), JobRun.slot >= since)
    return tx.scalars(wanted.order_by(JobRun.slot.desc(), JobRun.job, JobRun.attempt.desc())).all()
