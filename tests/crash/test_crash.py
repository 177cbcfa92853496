"""kill -9 in the middle of an import: whoever comes next ends where an undisturbed import ends.

Each takes longer than a test should: `make crash` runs them, an ordinary run of the tests does not.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from payments.codes import code_for
from payments.db import Databases, connect
from reconciliation.uploads.models import Upload
from tests.statements.counter import Counter, make_counter
from tests.statements.desk import UploadDesk, day_of, make_desk
from tests.statements.kit import Line
from tests.statements.settling import DAY, ONE, File, Sold

ROUNDS = int(os.environ.get("PARKING_CRASHES", "0"))
ROWS = 600
PERIOD = (("Từ ngày", "10/11/2026", "Đến ngày", "19/11/2026"), ())


@dataclass(frozen=True)
class Case:
    """A kind of file: where it is handed in, its bytes."""

    make: Callable[[Databases], UploadDesk | Counter]
    raw: bytes


def _sold(n: int) -> Sold:
    return Sold(5_000 + n, str(n), code_for(n + 1), fee=n % 50, day=DAY - (n % 10) * ONE)


CASES = {
    "bank": Case(make_desk, day_of(*(Line(1_000 + n, f"FT{n}", f"TT {n}") for n in range(ROWS)))),
    "settlement": Case(
        make_counter, File(tuple(_sold(n) for n in range(ROWS)), above=PERIOD).raw()
    ),
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> dict[str, Any]:
    """How each import ends when nobody is killed."""
    found: dict[str, Any] = {}
    for name, case in CASES.items():
        path = tmp_path_factory.mktemp(name) / "parking.db"
        path.write_bytes(sqlite_template.read_bytes())
        databases = connect(f"sqlite:///{path}")
        place = case.make(databases)
        place.hand_in(case.raw, f"{name}.csv")
        found[name] = place.end()
        databases.dispose()
    return found


def killed(url: str, file: Path, after: float) -> str:
    """Start an import and kill it `after` seconds into its recording; what it said before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.crash.importer", url, str(file)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(after)
    process.kill()
    rest = process.stdout.read()
    process.wait()
    process.stdout.close()
    return first + rest


def moments() -> list[float]:
    dice = random.Random(2026)
    return [dice.uniform(0, 0.8) for _ in range(ROUNDS)]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("after", moments())
def test_an_import_that_was_killed_goes_on_to_the_same_end(
    databases: Databases,
    database_url: str,
    undisturbed: dict[str, Any],
    tmp_path: Path,
    name: str,
    after: float,
) -> None:
    case = CASES[name]
    place, file = case.make(databases), tmp_path / f"{name}.csv"
    file.write_bytes(case.raw)
    assert killed(database_url, file, after).startswith("0\n")
    with databases.read() as tx:
        upload = tx.scalars(select(Upload)).one()
        assert upload.state in ("begun", "stored", "done")
    done = place.hand_in(case.raw, file.name)
    assert (done.id, done.state, done.recorded) == (upload.id, "done", ROWS)
    assert place.end() == undisturbed[name]
