"""`parking close` and `parking verify --seals`, as a script calls them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from payments.db import Databases
from payments.models import Movement
from reconciliation.closing.finishing import finish_due
from reconciliation.closing.models import Closing
from reconciliation.rules.deciding import Proposal, propose
from reconciliation.rules.models import LineRule
from reconciliation.seals.sealing import Turn, seal
from tests.cli.conftest import Parking
from tests.kit import Town, make_town
from tests.reconciliation.test_invariants import unguarded
from tests.trace.conftest import settle

OPERATOR, DAY = "hoan-kiem", "2026-11-20"


@pytest.fixture
def town(
    databases: Databases, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
) -> Town:  # fmt: skip
    """Two cars have paid, and their provider's file was compared."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = make_town(databases, tmp_path, database_url)
    sessions = [made.arrive(f"30A-123.4{digit}") for digit in range(2)]
    made.clock.forward(hours=2)
    for session in sessions:
        made.pay(session)
    return made


def close(parking: Parking, *more: str, code: int = 0) -> dict[str, Any]:
    said = parking("close", "--date", DAY, "--operator", OPERATOR, "--json", *more)
    assert said.code == code, said.err
    answer: dict[str, Any] = json.loads(said.out)
    return answer


def test_what_is_missing_is_listed_with_what_to_do(town: Town, parking: Parking) -> None:
    said = parking("close", "--date", DAY, "--operator", OPERATOR)
    assert said.code == 1
    assert "The provider's file has not come" in said.out or "not compared" in said.out
    assert "cannot be closed" in said.err
    found = close(parking, code=1)
    assert found["state"] == "open"
    assert found["certificate"] is None
    assert found["unexplained"]


def test_a_day_is_begun_and_certified_by_a_later_call(
    town: Town, databases: Databases, parking: Parking
) -> None:
    settle(town)
    begun = close(parking)
    assert (begun["state"], begun["certificate"], begun["unexplained"]) == ("closing", None, [])
    with databases.write.begin() as tx:
        closing = tx.scalars(select(Closing)).one()
        closing.stopped_at = closing.begun_at - timedelta(hours=1)
    closed = close(parking)
    assert closed["state"] == "closed"
    told = closed["certificate"]
    assert (told["number"], told["revision"]) == (1, 1)
    assert told["document"]["totals"]["VND"]["count"] == 2
    assert close(parking) == closed
    said = parking("close", "--date", DAY, "--operator", OPERATOR)
    assert told["sha256"] in said.out
    assert parking("verify").code == 0


def test_an_exception_named_on_the_command_line_waits_for_a_person(
    town: Town, parking: Parking
) -> None:
    subjects = [one["subject"] for one in close(parking, code=1)["unexplained"]]
    more = [word for subject in subjects for word in ("--except", subject)]
    assert close(parking, *more, "--reason", "the file is lost")["state"] == "asked"
    assert close(parking)["state"] == "asked"
    assert parking("close", "--date", DAY, "--operator", OPERATOR, "--withdraw").code == 0
    assert close(parking, code=1)["state"] == "open"


def test_a_closed_day_is_asked_for_and_not_opened_by_the_command(
    town: Town, databases: Databases, parking: Parking
) -> None:
    settle(town)
    close(parking)
    finish_due(databases.write, town.now + timedelta(days=3650))
    asked = ("close", "--date", DAY, "--operator", OPERATOR, "--reopen", "a file was wrong")
    assert parking(*asked).code == 0
    assert parking(*asked).code == 1
    assert close(parking)["state"] == "closed"


def test_wrong_use_is_explained(town: Town, parking: Parking) -> None:
    said = parking("close", "--date", DAY, "--operator", "nobody")
    assert said.code == 1
    assert "nobody" in said.err
    said = parking("close", "--date", DAY, "--operator", OPERATOR, "--reason", "because")
    assert said.code == 2
    said = parking("verify", "--head", "1:abc")
    assert said.code == 2


def test_verify_seals_says_what_is_sealed_and_which_row_was_changed(
    town: Town, databases: Databases, parking: Parking
) -> None:
    assert "0 sealed rows" in parking("verify", "--seals").err
    sealed = seal(databases.write, Turn(town.now, behind=timedelta(seconds=-1), block=4))
    said = parking("verify", "--seals")
    assert said.code == 0
    assert f"{sealed} sealed rows" in said.err
    head = said.out.strip()
    assert parking("verify", "--head", head).code == 0
    with databases.write.begin() as tx:
        row = tx.scalars(select(Movement.id).order_by(Movement.id)).first()
        if tx.get_bind().dialect.name == "postgresql":
            tx.execute(text("ALTER TABLE movement DISABLE TRIGGER USER"))
        else:
            tx.execute(text("DROP TRIGGER movement_no_update"))
        tx.execute(update(Movement).where(Movement.id == row).values(amount=1))
    said = parking("verify", "--seals")
    assert said.code == 1
    assert row is not None
    assert said.out.startswith("seals_equal_their_rows: seal ")
    assert f"changed: {row.hex}" in said.out
    assert parking("verify", "--head", f"9999:{'0' * 64}").code == 1


def test_verify_seals_names_a_rule_that_says_something_else(
    town: Town, databases: Databases, parking: Parking
) -> None:
    asked = Proposal(OPERATOR, None, "settlement", "tiền điện", -1, None, None, "Tiền điện")
    with databases.write.begin() as tx:
        rule_id = propose(tx, asked, "person:an", town.now).id
    seal(databases.write, Turn(town.now, behind=timedelta(seconds=-1)))
    assert parking("verify", "--seals").code == 0
    with databases.write.begin() as tx:
        unguarded(tx, LineRule)
        tx.execute(update(LineRule).values(words="tiền điệm"))
    said = parking("verify", "--seals")
    assert said.code == 1
    assert f"changed: {rule_id.hex}" in said.out
