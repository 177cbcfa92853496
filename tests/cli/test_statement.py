"""`parking statement import`: previews, takes in, says what came of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parking.cli import open_house
from payments.accounts import open_account
from tests.cli.conftest import Parking
from tests.cli.test_errors import one_line
from tests.statements.desk import day_of
from tests.statements.kit import ACCOUNT, Line

NOTHING = {"payment": 0, "suspense": 0, "refund": 0, "reversal": 0, "other": 0}


@pytest.fixture
def bank(seeded: Parking) -> Parking:
    """A VietQR account besides those of the sandbox."""
    house = open_house()
    with house.databases.write.begin() as tx:
        open_account(
            tx, house.gateways.vault, slug="hk-vietqr", operator="hoan-kiem", provider="vietqr",
            mode="test",
            settings={
                "bank": "970436", "account": ACCOUNT, "holder": "HOAN KIEM", "feeds": ["sepay"],
            },
            secret={"sepay_secret": "s" * 20, "sepay_token": "t" * 20}, now=house.clock(),
        )  # fmt: skip
    house.databases.dispose()
    return seeded


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two credits nobody named, and a debit."""
    path = tmp_path / "sao-ke.csv"
    lines = (Line(5_000), Line(7_000, "FT2"), Line(-3_000, "FT3", "PHI"))
    path.write_bytes(day_of(*lines).replace(b"2026", b"2025"))
    return path


def test_a_preview_tells_everything_and_records_nothing(bank: Parking, file: Path) -> None:
    said = bank("statement", "import", str(file), "--account", "hk-vietqr", "--preview", "--json")
    assert json.loads(said.out) == {
        "format": "CSV",
        "account_number": ACCOUNT,
        "currency": "VND",
        "since": "2025-11-19",
        "until": "2025-11-19",
        "opening": 1_000_000,
        "closing": 1_009_000,
        "credits": {"count": 2, "sum": 12_000},
        "debits": {"count": 1, "sum": 3_000},
        "rows": {**NOTHING, "suspense": 2, "other": 1},
    }
    said = bank("statement", "import", str(file), "--account", "hk-vietqr", "--preview")
    assert said.code == 0
    assert "Vào tiền chưa khớp / To unmatched money: 2" in said.out
    assert "Nothing was recorded" in said.err


def test_a_statement_is_taken_in_once_and_verify_is_content(bank: Parking, file: Path) -> None:
    said = bank("statement", "import", str(file), "--account", "hk-vietqr", "--json")
    done = json.loads(said.out)
    assert (said.code, done["state"], done["known"]) == (0, "done", 0)
    assert done["rows"] == {**NOTHING, "suspense": 2, "other": 1}
    assert "3 of 3 rows recorded" in said.err
    again = bank("statement", "import", str(file), "--account", "hk-vietqr", "--json")
    assert json.loads(again.out) == done
    assert "nothing has changed" in again.err
    assert bank("verify").out == ""


def test_what_is_wrong_is_one_line(bank: Parking, file: Path, tmp_path: Path) -> None:
    said = bank("statement", "import", str(file), "--account", "nobody")
    assert said.code == 1
    assert "nobody" in one_line(said.err)
    said = bank("statement", "import", str(tmp_path / "none.csv"), "--account", "hk-vietqr")
    assert said.code == 2
    assert "none.csv" in one_line(said.err)
    said = bank("statement", "import", str(file), "--account", "hoan-kiem-sandbox", "--as", "bank")
    assert said.code == 1
    assert ACCOUNT in one_line(said.err)
    said = bank("statement", "import", str(file), "--account", "hoan-kiem-sandbox")
    assert said.code == 2
    assert "hoan-kiem-sandbox" in one_line(said.err)
