"""Every double of the registry starts as its process does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.doubles.__main__ import DOUBLES
from tests.doubles.base import Options
from tests.doubles.conftest import get

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", sorted(DOUBLES))
def test_every_double_starts_with_its_development_credentials(name: str) -> None:
    with DOUBLES[name]("http://127.0.0.1:9/notify", Options(automatic=True)) as double:
        assert get(double.base_url + "/nowhere").status == 404


def test_a_double_runs_as_a_process_and_says_where() -> None:
    command = [sys.executable, "-m", "tests.doubles", "momo", "--port=0"]
    command.append("--notify-url=http://127.0.0.1:9/notify")
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            said = re.search(r"momo on (http://127\.0\.0\.1:\d+)", process.stderr.readline())
            assert said is not None
            assert get(said[1] + "/nowhere").status == 404
        finally:
            process.terminate()
