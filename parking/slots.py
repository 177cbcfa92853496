"""When a job is due: slots, the instants for which the timetable says it must have run once.

A job that was not run for a while owes only its latest slot: every job of ours works through all
that is open, so running it once catches up everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from payments.db import CITY_ZONE

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """A slot every `seconds` since 1970, so that all processes agree where slots begin."""

    seconds: int

    def last(self, now: datetime) -> datetime:
        """The latest slot at or before `now`."""
        return (now - (now - EPOCH) % timedelta(seconds=self.seconds)).astimezone(UTC)

    def next(self, now: datetime) -> datetime:
        """The first slot after `now`."""
        return self.last(now) + timedelta(seconds=self.seconds)

    def trigger(self) -> Any:
        """The same series as APScheduler wants it."""
        return IntervalTrigger(seconds=self.seconds, start_date=EPOCH, timezone=UTC)


@dataclass(frozen=True, slots=True)
class Daily:
    """One slot a day, at `at` by the city's clocks."""

    at: time

    def last(self, now: datetime) -> datetime:
        """The latest slot at or before `now`."""
        today = now.astimezone(CITY_ZONE).date()
        slot = datetime.combine(today, self.at, CITY_ZONE)
        if slot > now:
            slot = datetime.combine(today - timedelta(days=1), self.at, CITY_ZONE)
        return slot.astimezone(UTC)

    def next(self, now: datetime) -> datetime:
        """The first slot after `now`."""
        return self.last(now) + timedelta(days=1)  # this city's clocks never change

    def trigger(self) -> Any:
        """The same series as APScheduler wants it."""
        return CronTrigger(hour=self.at.hour, minute=self.at.minute, timezone=CITY_ZONE)


When = Every | Daily
