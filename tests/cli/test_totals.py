"""`parking totals rebuild` makes figures and stays anew, and says whether any was wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from parking.sessions.models import ParkingSession
from parking.watch.stay_days import keep_stays
from payments.db import Databases, business_day
from reconciliation.running import keep_current
from tests.cli.conftest import Parking
from tests.kit import Town, make_town


@pytest.fixture
def town(
    databases: Databases, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
) -> Town:  # fmt: skip
    """Two cars have paid and gone; money and stays are added up."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = make_town(databases, tmp_path, database_url)
    for digit in range(2):
        session = made.arrive(f"30A-123.4{digit}")
        made.clock.forward(hours=1)
        made.pay(session)
    with databases.write.begin() as tx:
        for session in tx.scalars(select(ParkingSession)):
            session.exit_at = session.exit_recorded_at = made.now
    keep_current(databases.write, made.now)
    keep_stays(databases.write, made.now)
    return made


def test_sound_figures_stay_as_they_are(town: Town, parking: Parking) -> None:
    day = business_day(town.now).isoformat()
    said = parking("totals", "rebuild", "--from", day, "--to", day)
    assert said.code == 0, said
    assert "Stays of 1 days counted, 0 were different before." in said.err


def test_a_wrong_number_of_stays_is_named_and_made_right(
    town: Town, databases: Databases, parking: Parking
) -> None:
    day = business_day(town.now)
    with databases.write.begin() as tx:
        tx.execute(text("UPDATE stay_total SET stays = stays + 1"))
    said = parking("totals", "rebuild", "--from", day.isoformat(), "--to", day.isoformat())
    assert said.code == 1
    assert "the number of stays was different" in said.out
    again = parking("totals", "rebuild", "--from", day.isoformat(), "--to", day.isoformat())
    assert again.code == 0, again
