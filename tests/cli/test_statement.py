"""`parking statement import`: previews, takes in, says what came of it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from parking.cli import open_house
from parking.commands import handed_file
from payments.accounts import open_account
from payments.errors import WrongUsage
from tests.cli.conftest import Parking
from tests.cli.test_errors import one_line
from tests.statements.desk import day_of
from tests.statements.kit import ACCOUNT, Line
from tests.statements.settling import File

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


def test_a_statement_is_taken_in_once_and_verify_is_content(
    bank: Parking, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handed_file, "QUICK", 0)
    said = bank("statement", "import", str(file), "--account", "hk-vietqr", "--json")
    done = json.loads(said.out)
    assert (said.code, done["state"], done["known"]) == (0, "done", 0)
    assert done["rows"] == {**NOTHING, "suspense": 2, "other": 1}
    assert "3 of 3 rows recorded" in said.err
    steps = [said.err.index(f"Step {number} of 3") for number in (1, 2, 3)]
    assert steps == sorted(steps)
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
    assert said.code == 2
    assert "at which bank account the payouts of hoan-kiem-sandbox arrive" in one_line(said.err)
    said = bank("statement", "import", str(file), "--account", "hoan-kiem-sandbox")
    assert said.code == 2
    assert "hoan-kiem-sandbox" in one_line(said.err)


def test_a_gigabyte_is_refused_before_it_is_read(bank: Parking, tmp_path: Path) -> None:
    path = tmp_path / "lon.csv"
    with path.open("wb") as sparse:
        sparse.truncate(1024**3)
    said = bank("statement", "import", str(path), "--account", "hk-vietqr")
    assert said.code == 2
    assert str(1024**3) in one_line(said.err)


def test_a_file_that_changes_while_it_is_read_is_refused(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.fstat

    def growing(number: int) -> os.stat_result:
        found = stat(number)
        with file.open("ab") as more:
            more.write(b"x")
        return found

    monkeypatch.setattr(os, "fstat", growing)
    with pytest.raises(WrongUsage, match="changed while it was read"):
        handed_file.read_once(file)


def test_a_settlement_file_needs_a_mapping_and_is_then_previewed_and_taken_in(
    bank: Parking, tmp_path: Path
) -> None:
    path, mapping = tmp_path / "doi-soat.csv", tmp_path / "cach-doc.toml"
    path.write_bytes(File(above=()).raw().replace(b"2026", b"2025"))
    take = ("statement", "import", str(path), "--account", "hoan-kiem-sandbox")
    assert bank(*take, "--preview").code == 2
    words = "statuses = { done = ['Thành công'] }\ntypes = { payment = ['Thanh toán'], refund = ['Hoàn tiền'] }"
    mapping.write_text(
        f"means = 'settlement'\ndates = 'dd/MM/yyyy HH:mm:ss'\nsign = 'by_status'\n{words}\n"
    )
    write = ("statement", "mapping", "write", str(mapping), "--account", "hoan-kiem-sandbox")
    assert "Version 1 holds." in bank(*write, "--note", "hợp đồng").out
    told = json.loads(bank(*take, "--preview", "--json").out)
    assert told["control"] == {"count": 3, "gross": 5_000, "fee": 275, "net": 4_725}
    assert told["days"] == {"2025-11-19": {"count": 3, "gross": 5_000, "complete": True}}
    assert "becomes complete" in bank(*take, "--preview").out
    done = json.loads(bank(*take, "--json").out)
    assert (done["state"], done["rows"]["payment"], done["rows"]["refund"]) == ("done", 2, 1)
    listed = bank("statement", "mapping", "list", "--account", "hoan-kiem-sandbox").out
    assert "1  settlement" in listed
    assert "hợp đồng" in listed
    shown = bank("statement", "mapping", "show", "--account", "hoan-kiem-sandbox").out
    assert json.loads(shown)["sign"] == "by_status"


def test_samples_are_printed_as_samples(bank: Parking) -> None:
    for name in ("vnpay", "momo", "zalopay"):
        assert bank("statement", "mapping", "sample", name).out.startswith("# SAMPLE")
