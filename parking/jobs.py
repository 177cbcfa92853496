"""Leadership and job runs: with many processes, each job runs once, and a missed slot is caught up.

A lease row with a fencing token names the one process that runs the timetable; `job_run` is the
second belt: a slot that ran is never run again. Both use the database's own clock and no session
locks, so a transaction pooler does no harm.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id


class Lease(Base):
    """Who leads, until when. `token` grows with every change of holder: a stale leader cannot write."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    token: Mapped[int]
    expires_at: Mapped[datetime]


class JobRun(Base):
    """One attempt at one slot of one job. `outcome`: running, done or failed."""

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

    __table_args__ = (UniqueConstraint("job", "slot", "attempt"),)
