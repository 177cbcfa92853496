"""`parking simulate` as people and scripts use it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from parking.commands.simulate import simulate
from payments.db import connect
from payments.errors import WrongUsage
from payments.money import format_amount
from reconciliation.closing.models import Certificate
from reconciliation.invariants import check
from tests.kit import Town, make_town


@pytest.fixture
def town(sqlite_url: str, tmp_path: Path) -> Town:
    return make_town(connect(sqlite_url), tmp_path, sqlite_url)


def run(town: Town, *arguments: str) -> None:
    simulate.main(list(arguments), obj=lambda: town.house, standalone_mode=False)


def test_the_truth_is_written_and_the_day_summed_up(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "some" / "where"
    run(town, "--date", "2026-11-18", "--sessions", "12", "--seed", "3", "--faults", "0.2",
        "--out", str(out))  # fmt: skip
    truth = json.loads((out / "truth.json").read_text())
    assert truth["cash"] == {"count": 0, "gross": 0, "attendants": {}}
    assert (truth["date"], truth["seed"], truth["sessions"]) == ("2026-11-18", 3, 12)
    assert len(truth["faults"]) == round(truth["payments"] * 0.2) > 0
    shown = capsys.readouterr()
    assert f"2026-11-18: 12 sessions, {truth['payments']} payments" in shown.out
    assert "2026-11-18: 12 phiên gửi xe" in shown.out
    vietnamese, english = (format_amount(truth["gross"], language=name) for name in ("vi", "en"))
    assert f" khoản thanh toán, {vietnamese} / ".replace("\u00a0", " ") in shown.out
    assert f" payments, {english}\n".replace("\u00a0", " ") in shown.out
    assert "Cash: 0 payments, VND 0 in 0 shifts; wrong counts: 0" in shown.out
    assert "parking reconcile --date 2026-11-18" in shown.out
    assert "vehicles came in" in shown.err
    assert "xe đã vào" in shown.err


def test_a_day_without_faults_says_so(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(town, "--date", "2026-11-18", "--sessions", "1", "--out", str(tmp_path))
    assert "Faults in the settlement and bank files: 0 (-)" in capsys.readouterr().out


def test_a_folder_that_cannot_be_made_is_named_before_anything_is_played(
    town: Town, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WrongUsage, match="cannot be written"):
        run(town, "--date", "2026-11-18", "--sessions", "1", "--out", str(tmp_path / "file" / "x"))


def test_a_day_with_nothing_to_explain_is_closed_when_asked(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(town, "--date", "2026-11-18", "--sessions", "12", "--out", str(tmp_path), "--close")
    assert "hoan-kiem: the day is closed" in capsys.readouterr().out
    run(town, "--date", "2026-11-19", "--sessions", "12", "--faults", "0.5",
        "--out", str(tmp_path), "--close")  # fmt: skip
    assert "points keep the day open" in capsys.readouterr().out
    with town.house.databases.read() as tx:
        assert {row.day for row in tx.scalars(select(Certificate))} == {date(2026, 11, 18)}
        assert [*check(tx)] == []


def test_the_same_seed_plays_another_day_with_passes_of_the_first(
    town: Town, tmp_path: Path
) -> None:
    for day in ("2026-11-18", "2026-11-19"):
        run(town, "--date", day, "--sessions", "80", "--seed", "9", "--out", str(tmp_path))
    with town.house.databases.read() as tx:
        assert [*check(tx)] == []
