"""What the timetable's rows do on a real database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from parking.clockwork import Clockwork
from parking.scheduler import timetable
from parking.tariffs import load_book
from payments.accounts import Gateways, open_account
from payments.db import Databases
from payments.errors import Unavailable
from payments.http import HttpClient
from payments.secrets import Vault
from tests.jobs.test_clockwork import QUICK, running, runs, until


def no_rails(now: datetime) -> Gateways:
    vault = Vault((Fernet.generate_key().decode(),))
    return Gateways({}, HttpClient(()), lambda: now, vault)


def test_every_row_runs_on_an_empty_database(databases: Databases) -> None:
    now = datetime.now(UTC)
    rows = timetable(no_rails(now), load_book())
    done = sorted((row.name, 1, "done") for row in rows)
    with running(Clockwork(databases, lambda: now, rows, QUICK)):
        until(lambda: sorted(runs(databases)) == done)


def test_a_night_without_a_statement_fails_so_that_it_is_tried_again_soon(
    databases: Databases, now: datetime
) -> None:
    gateways = no_rails(now)
    with databases.write.begin() as tx:
        open_account(
            tx,
            gateways.vault,
            slug="quiet",
            operator="op",
            provider="gone",
            mode="test",
            settings={},
            secret={"secret": "s" * 40},
            now=now,
        )
    reconcile = next(row for row in timetable(gateways, load_book()) if row.name == "reconcile")
    with pytest.raises(Unavailable, match=r"quiet 2026-11-20: There is no payment provider gone"):
        reconcile.work(databases.write, now)
