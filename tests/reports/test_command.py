"""`parking report`: every kind as a file, clear words for nonsense, and publishing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from parking.commands.report import report
from parking.reports.kinds import KINDS
from payments.errors import Complaint
from tests.kit import Town
from tests.trace.conftest import Paid, paid, settle

__all__ = ["paid"]


def run(town: Town, *words: str) -> Result:
    return CliRunner().invoke(report, words, obj=lambda: town.house)


def refusal(town: Town, *words: str) -> str:
    error = run(town, *words).exception
    assert isinstance(error, Complaint), error
    return str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_written_to_a_file(paid: Paid, tmp_path: Path, kind: str) -> None:
    settle(paid.town)
    out = tmp_path / "report.xlsx"
    words = [kind, "--from", "2026-11-20", "--to", "2026-11-21", "--format", "xlsx"]
    if kind in ("form-01", "vat"):  # taxes are told of per operator and month
        words[2:5:2] = ["2026-11-01", "2026-11-30"]
        words += ["--operator", "thang-long"]
    result = run(paid.town, *words, "--out", str(out))
    assert (result.exit_code, result.stdout) == (0, "")
    assert out.read_bytes().startswith(b"PK")
    assert "Wrote" in result.stderr


def test_the_language_and_the_operator_are_asked_for(paid: Paid) -> None:
    settle(paid.town)
    words = ("remittance", "--from", "2026-11-20", "--operator", "thang-long", "--language", "en")
    told = json.loads(run(paid.town, *words).stdout)
    assert told["title"] == "Remittance statement"
    assert told["parameters"]["operator"] == "thang-long"
    assert told["parameters"]["to"] == "2026-11-20"


def test_one_day_is_a_period_too_and_keeps_its_short_form(paid: Paid) -> None:
    settle(paid.town)
    short = json.loads(run(paid.town, "daily", "--date", "2026-11-20").stdout)
    assert short["count"] == 2
    whole = json.loads(run(paid.town, "daily", "--from", "2026-11-20").stdout)
    assert whole["tables"]["by_lot"]["totals"]["count"] == 2
    pdf = run(paid.town, "daily", "--date", "2026-11-20", "--format", "pdf").stdout_bytes
    assert pdf.startswith(b"%PDF")


def test_nonsense_is_named(town: Town) -> None:
    assert "--from is missing" in refusal(town, "refunds")
    both = ("daily", "--date", "2026-11-20", "--from", "2026-11-20")
    assert "either --date or --from" in refusal(town, *both)
    backwards = ("daily", "--from", "2026-11-20", "--to", "2026-11-19")
    assert "ends on 2026-11-19" in refusal(town, *backwards)
    assert "after today" in refusal(town, "publish", "daily", "--from", "2027-01-01")
    assert "is not a day" in refusal(town, "daily", "--from", "20.11.2026")
    assert run(town, "publish", "magic", "--from", "2026-11-20").exit_code == 2


def test_publishing_prints_the_number(paid: Paid) -> None:
    first = run(paid.town, "publish", "daily", "--from", "2026-11-20")
    assert (first.exit_code, first.stdout) == (0, "1\n")
    settle(paid.town)
    assert "give the reason" in refusal(paid.town, "publish", "daily", "--from", "2026-11-20")
    again = run(paid.town, "publish", "daily", "--from", "2026-11-20", "--reason", "the files came")
    assert again.stdout == "2\n"
    assert "revision 2" in again.stderr
