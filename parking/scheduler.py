"""What runs by itself, and when: the timetable. `parking.clockwork` runs it.

Every job finds out by itself what is still open and may be run again at any moment, so a job that
was missed for days is caught up by running once.
"""

from __future__ import annotations

from datetime import time, timedelta

from parking.clockwork import Job
from parking.jobs import forget_runs
from parking.receipts.service import issue_due
from parking.slots import Daily, Every
from payments.accounts import Gateways
from payments.polling import expire, poll

#: How long finished runs are remembered.
KEEP_RUNS = timedelta(days=7)


def timetable(gateways: Gateways) -> tuple[Job, ...]:
    """When (by the city's clocks) and what."""
    return (
        Job("poll", Every(seconds=10), lambda db, now: poll(db, gateways, now)),
        Job("expire", Every(seconds=60), expire),
        Job("receipts", Every(seconds=10), issue_due),
        Job("tidy", Daily(time(3, 0)), lambda db, now: forget_runs(db, now - KEEP_RUNS)),
    )
