"""`parking verify`: silence means that everything adds up, and every broken rule is named."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from parking import proofs
from parking.receipts.service import issue_due
from payments.db import Databases
from tests.cli.conftest import Parking
from tests.kit import Town, make_town


@pytest.fixture
def town(
    databases: Databases, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
) -> Town:  # fmt: skip
    """Three cars have paid and have their receipts."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    made = make_town(databases, tmp_path, database_url)
    sessions = [made.arrive(f"30A-123.4{digit}") for digit in range(3)]
    made.clock.forward(hours=2)
    for session in sessions:
        made.pay(session)
    assert issue_due(databases.write, made.now + timedelta(minutes=1)) == 3
    return made


def spoil(databases: Databases, *statements: str) -> None:
    with databases.write.begin() as tx:
        for statement in statements:
            tx.execute(text(statement))


def broken(databases: Databases) -> set[str]:
    with databases.read() as tx:
        return {violation.rule for proof in proofs.PROOFS for violation in proof(tx)}


def test_a_sound_database_passes_and_says_what_it_checked(town: Town, parking: Parking) -> None:
    said = parking("verify")
    assert (said.code, said.out) == (0, "")
    assert "Everything adds up" in said.err
    assert "receipt_numbers_have_no_gaps" in said.err


def test_a_row_that_is_off_is_named_and_the_exit_code_says_so(
    town: Town, databases: Databases, parking: Parking
) -> None:
    spoil(databases, "UPDATE payment SET received = received + 1 WHERE number = 1")
    spoil(databases, "UPDATE receipt SET number = 9 WHERE number = 3")
    said = parking("verify")
    assert said.code == 1
    rules = {line.split(":")[0] for line in said.out.splitlines()}
    assert {"receipt_numbers_have_no_gaps", "stored_state_equals_the_fold"} <= rules


@pytest.mark.parametrize(
    ("rule", "statement"),
    [
        (
            "receipts_equal_their_payments",
            "UPDATE receipt SET gross = gross + 1, net = net + 1 WHERE number = 2",
        ),
        ("receipts_split_their_vat", "UPDATE receipt SET net = net - 1, vat = vat + 1"),
        ("receipt_numbers_have_no_gaps", "UPDATE receipt SET number = number + 1 WHERE number = 3"),
        ("one_open_session_per_plate", "DROP INDEX ux_parking_session_open"),
        (
            "payments_are_for_what_exists",
            "UPDATE payment SET reference = 'session:nowhere'",
        ),
        ("payments_are_for_what_exists", "UPDATE payment SET reference = 'pass:nowhere'"),
        ("no_vehicle_holds_two_passes_at_once", "DROP INDEX ux_parking_session_pass"),
    ],
)
def test_every_rule_of_receipts_and_sessions_finds_what_breaks_it(
    town: Town, databases: Databases, rule: str, statement: str
) -> None:
    assert broken(databases) == set()
    spoil(databases, statement)
    assert rule in broken(databases)


def test_two_open_sessions_of_one_plate_are_found_where_the_index_let_them_in(
    town: Town, databases: Databases
) -> None:
    same = "UPDATE parking_session SET plate_key = '30A12340', lot_id = (SELECT min(id) FROM lot)"
    if databases.engine.dialect.name == "postgresql":
        same = same.replace("min(id)", "id").replace("FROM lot", "FROM lot LIMIT 1")
    spoil(databases, "DROP INDEX ux_parking_session_open", same)
    with databases.read() as tx:
        found = [violation.found for violation in proofs.one_open_session_per_plate(tx)]
    assert found == ["it is missing", "3 are open"]
