"""What runs by itself, and when: the timetable. `parking.clockwork` runs it.

Every job finds out by itself what is still open and may be run again at any moment, so a job that
was missed for days is caught up by running once.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy.orm import Session, sessionmaker

from parking.clockwork import Job, nightly
from parking.jobs import forget_runs
from parking.languages import mark
from parking.passes import excess as passes_excess
from parking.receipts.changes import change_due
from parking.receipts.service import issue_due
from parking.sessions.claims import settle_claims
from parking.sessions.forgotten import end_forgotten
from parking.sessions.paid_twice import ask_back
from parking.shifts.counts import finish_all
from parking.slots import Daily, Every
from parking.tariffs import TariffBook
from parking.tax.buyers import forget_buyers
from parking.watch.lot_days import keep_counted
from parking.watch.stay_days import keep_stays
from payments.accounts import Gateways
from payments.cancelling import cancel_expired
from payments.errors import Unavailable
from payments.polling import expire, poll
from payments.sweeping import sweep_feeds
from reconciliation.closing.finishing import finish_due
from reconciliation.rebuilding import keep_spans
from reconciliation.running import keep_current
from reconciliation.seals.sealing import Turn, seal
from reconciliation.service import reconcile_open_days
from reconciliation.uploads.service import carry_on_abandoned

#: How long finished runs are remembered: those of the night, and those of jobs that run all day.
KEEP_NIGHTS, KEEP_RUNS = timedelta(days=400), timedelta(days=7)


def timetable(gateways: Gateways, tariffs: TariffBook) -> tuple[Job, ...]:
    """When (by the city's clocks) and what."""
    return (
        Job("reconcile", Daily(time(0, 30)), lambda db, now: reconcile(db, gateways, now)),
        Job("poll", Every(seconds=10), lambda db, now: poll(db, gateways, now).asked),
        Job("sweep", Every(seconds=900), lambda db, now: sweep_feeds(db, gateways, now)),
        Job("expire", Every(seconds=60), expire),
        Job("cancel", Every(seconds=60), lambda db, now: cancel_expired(db, gateways, now)),
        Job("receipts", Every(seconds=10), issue_due),
        Job("receipt-changes", Every(seconds=60), change_due),
        Job("paid-twice", Every(seconds=300), lambda db, now: ask_back(db, tariffs, now)),
        Job("claims", Every(seconds=60), lambda db, now: settle_claims(db, tariffs, now)),
        Job("forgotten", Every(seconds=300), lambda db, now: end_forgotten(db, tariffs, now)),
        Job("passes-paid-twice", Every(seconds=300), passes_excess.ask_back),
        Job("figures", Every(seconds=60), keep_current),
        Job("lot-days", Every(seconds=300), keep_counted),
        Job("stays", Every(seconds=300), keep_stays),
        Job("spans", Every(seconds=3600), keep_spans),
        Job("uploads", Every(seconds=300), lambda db, now: carry_on_abandoned(db, gateways, now)),
        Job("forget-buyers", Daily(time(3, 30)), forget_buyers),
        Job("tidy", Daily(time(3, 0)), lambda db, now: tidy(db, gateways, tariffs, now)),
        Job("close", Every(seconds=60), finish_due),
        Job("seal", Every(seconds=600), lambda db, now: seal(db, Turn(now))),
    )


def tidy(db: sessionmaker[Session], gateways: Gateways, tariffs: TariffBook, now: datetime) -> int:
    """Forget finished runs that nobody looks up any more; how many."""
    jobs = timetable(gateways, tariffs)
    names = nightly(jobs)
    others = [job.name for job in jobs if job.name not in names]
    return forget_runs(db, names, now - KEEP_NIGHTS) + forget_runs(db, others, now - KEEP_RUNS)


def reconcile(db: sessionmaker[Session], gateways: Gateways, now: datetime) -> int:
    """Reconcile every open day of every account, tills included; how many account-days.

    Raises `Unavailable` when a statement could not be had or believed, after doing all others: the
    slot then counts as failed and is tried again soon, not only the next night.
    """
    finish_all(db, now)
    results = reconcile_open_days(db, gateways, now)
    troubled = [result for result in results if result.refusals]
    if troubled:
        raise Unavailable(
            mark(
                "%(count)s account-days have no statement yet, first %(account)s %(day)s: %(reason)s"
            ),
            count=len(troubled),
            account=troubled[0].account,
            day=troubled[0].day,
            reason=troubled[0].refusals[0].reason,
        )
    return len(results)
