"""The mark that `make test` holds the rooms of money to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("payments", "qr", "reconciliation", "parking/tariffs")


def judged(tmp_path: Path, covered: dict[str, int]) -> subprocess.CompletedProcess[str]:
    files = {
        f"{room}/x.py": {"summary": {"num_branches": 100, "covered_branches": number}}
        for room, number in covered.items()
    }
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}))
    return subprocess.run(
        [sys.executable, str(ROOT / ".ci" / "branches.py"), str(report)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_enough_branches_pass_without_a_word(tmp_path: Path) -> None:
    ended = judged(tmp_path, dict.fromkeys(ROOMS, 95))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_room_below_the_mark_is_named_even_when_others_make_up_for_it(tmp_path: Path) -> None:
    ended = judged(tmp_path, dict.fromkeys(ROOMS, 100) | {"qr": 94})
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("qr/: 94 of 100")


def test_a_room_nobody_measured_does_not_pass(tmp_path: Path) -> None:
    covered = dict.fromkeys(ROOMS, 100)
    del covered["reconciliation"]
    assert "reconciliation/" in judged(tmp_path, covered).stderr
