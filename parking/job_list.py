"""What ran by itself, how it went and when it runs again: for finance, for whoever keeps the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from parking.clockwork import Job, nightly
from parking.jobs import JobRun, back_off, latest_runs, runs_of
from parking.languages import mark

#: Runs of the night that are shown.
NIGHTS_SHOWN = timedelta(days=14)

#: What a job is called in front of people; one that is missing here has no words yet.
NAMES = {
    "reconcile": mark("Compare with providers and banks"),
    "poll": mark("Ask providers about open payments"),
    "sweep": mark("List the bank feeds again"),
    "expire": mark("Let orders run out"),
    "cancel": mark("Cancel orders that ran out at the provider"),
    "receipts": mark("Issue receipts"),
    "receipt-changes": mark("Change receipts whose money went back"),
    "forget-buyers": mark("Forget companies whose invoice is settled"),
    "paid-twice": mark("Ask back what was paid twice"),
    "claims": mark("Settle announced transfers"),
    "forgotten": mark("End stays whose exit nobody recorded"),
    "passes-paid-twice": mark("Ask back passes paid twice"),
    "figures": mark("Add up the day"),
    "lot-days": mark("Count the days of lots"),
    "stays": mark("Count stays that ended"),
    "spans": mark("Add up months and years that are over"),
    "uploads": mark("Finish statements that were handed in"),
    "close": mark("Finish closings that were begun"),
    "seal": mark("Seal what was recorded"),
    "tidy": mark("Forget old runs"),
}

#: How a run ended, in words.
OUTCOMES = {"running": mark("Running"), "done": mark("Done"), "failed": mark("Failed")}


@dataclass(frozen=True, slots=True)
class JobState:
    """A job of the timetable, its latest attempt if it ever ran, and when it is tried next."""

    job: Job
    latest: JobRun | None
    next_try: datetime
    at_night: bool

    @property
    def failed(self) -> bool:
        """Whether the latest attempt failed."""
        return self.latest is not None and self.latest.outcome == "failed"


def job_states(tx: Session, timetable: Sequence[Job], now: datetime) -> list[JobState]:
    """Every job of `timetable`, failing ones first, then those of the night."""
    latest, nights = latest_runs(tx, (job.name for job in timetable)), nightly(timetable)
    states = [
        JobState(
            job, latest.get(job.name), _next(job, latest.get(job.name), now), job.name in nights
        )
        for job in timetable
    ]
    return sorted(states, key=lambda state: (not state.failed, not state.at_night))


def _next(job: Job, latest: JobRun | None, now: datetime) -> datetime:
    """A failed run is tried again after its rest, unless the next slot comes first."""
    slot = job.when.next(now)
    if latest is None or latest.slot < job.when.last(now):
        return now
    if latest.outcome == "failed" and latest.ended_at is not None:
        return min(max(now, latest.ended_at + back_off(latest.attempt)), slot)
    return slot


def nights(tx: Session, timetable: Sequence[Job], now: datetime) -> Sequence[JobRun]:
    """Every attempt of the jobs of the night in the last fortnight, newest first."""
    return runs_of(tx, nightly(timetable), now - NIGHTS_SHOWN)
