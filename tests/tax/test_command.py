"""`parking tax`: how an operator is taxed, filing a period, and its table as a file."""

from __future__ import annotations

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from parking.commands.tax import tax
from parking.receipts.methods import method_on
from parking.receipts.service import issue_due
from payments.errors import Complaint
from payments.models import Audit, Payment
from tests.kit import Town
from tests.receipts.kit import operator, receipted
from tests.tax.kit import FILING, asked

OF_NOVEMBER = ("--operator", "hoan-kiem", "--period", "2026-11")


def run(town: Town, *words: str) -> Result:
    return CliRunner().invoke(tax, words, obj=lambda: town.house)


def refusal(town: Town, *words: str) -> str:
    error = run(town, *words).exception
    assert isinstance(error, Complaint), error
    return str(error)


def rows(content: bytes) -> list[list[str]]:
    """The rows of the form in a CSV of it, its totals included."""
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    begin = next(n for n, line in enumerate(lines) if line[:1] == ["Row no."])
    return lines[begin + 1 : lines.index([], begin)]


def test_an_operator_is_taxed_otherwise_from_a_day_on(town: Town) -> None:
    words = ("method", "--operator", "hoan-kiem", "--method", "direct", "--from", "2026-12-01")
    result = run(town, *words)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "01/12/2026" in result.stderr
    with town.house.databases.read() as tx:
        mine = operator(town).id
        assert method_on(tx, mine, date(2026, 11, 30)) == "deduction"
        assert method_on(tx, mine, date(2026, 12, 1)) == "direct"
        assert tx.scalars(select(Audit.actor).where(Audit.act == "operator.tax_method")).one()
    assert run(town, *words[:4], "magic", *words[5:]).exit_code == 2


def told_late(town: Town) -> Payment:
    """A car's payment of November that nobody told us of yet."""
    car = town.arrive("30A-222.22")
    town.clock.forward(minutes=30)
    payment = town.checkout(car)
    town.act(payment)
    return payment


def test_a_month_is_filed_and_an_amendment_when_something_came_up(town: Town) -> None:
    receipted(town)
    late = told_late(town)
    town.clock.now = FILING
    first = run(town, "file", *OF_NOVEMBER)
    assert (first.exit_code, first.stdout) == (0, "0\n")
    assert "1 rows" in first.stderr
    assert "20/12/2026" in first.stderr
    assert "Nothing was missing" in refusal(town, "file", *OF_NOVEMBER)
    town.learn(late)
    again = run(town, "file", *OF_NOVEMBER)
    assert again.stdout == "1\n"
    assert "no. 1" in again.stderr


def test_a_filed_table_is_the_same_file_for_ever_and_a_draft_is_what_is_missing(
    town: Town, tmp_path: Path
) -> None:
    receipted(town)
    late = told_late(town)
    draft = run(town, "table", *OF_NOVEMBER, "--format", "csv", "--language", "en").stdout_bytes
    town.clock.now = FILING
    run(town, "file", *OF_NOVEMBER)
    out = tmp_path / "form.csv"
    words = ("table", *OF_NOVEMBER, "--number", "0", "--format", "csv", "--language", "en")
    assert run(town, *words, "--out", str(out)).exit_code == 0
    assert rows(out.read_bytes()) == rows(draft)
    assert rows(draft)[0][7] == "25000"
    town.learn(late)
    issue_due(town.house.databases.write, town.now)
    assert run(town, *words).stdout_bytes == out.read_bytes()
    missing = json.loads(run(town, "table", *OF_NOVEMBER, "--format", "json").stdout)
    codes = [row["code"] for row in missing["tables"]["transactions"]["rows"]]
    assert codes == [late.code]
    assert missing["parameters"]["amendment"] == "1"


@pytest.mark.parametrize(("kind", "begin"), [("xlsx", b"PK"), ("pdf", b"%PDF")])
def test_a_table_is_a_workbook_or_a_sheet_of_paper(town: Town, kind: str, begin: bytes) -> None:
    receipted(town)
    assert run(town, "table", *OF_NOVEMBER, "--format", kind).stdout_bytes.startswith(begin)


def test_what_cannot_be_filed_is_said(town: Town) -> None:
    receipt = receipted(town)
    assert "is not over" in refusal(town, "file", *OF_NOVEMBER)
    asked(town, receipt)
    town.clock.now = FILING
    assert "still wait for an invoice" in refusal(town, "file", *OF_NOVEMBER)
    assert "number 3" in refusal(town, "table", *OF_NOVEMBER, "--number", "3")
    assert "nobody" in refusal(town, "file", "--operator", "nobody", "--period", "2026-11")
    assert "2026-13" in refusal(town, "table", "--operator", "hoan-kiem", "--period", "2026-13")
