"""A city's day reconciled against the least SQL that writes the same rows.

``python -m benchmarks.reconcile [PAYMENTS] [ROUNDS] [DAYS] [DATABASES]``: 674,543 payments and 675,119
settlement lines with 5,664 seeded breaks of ten classes, in one file of one day unless told
otherwise. Ours reads the CSV and leaves everything behind: file, lines, matches, their log, breaks,
fees with their transfers, totals. The floor gets those rows cleaned, joined and numbered, in the
databases' own formats, and puts them into the same tables with the same keys in one transaction.
Both begin with a copy of the same filled database; they take turns, and medians of ratios count. Before
that, a second run must add nothing, and the same lines in another order must end in the same breaks and
pairs.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.city import PAYMENTS, SLUG, City, expected_breaks, fill, write_files
from benchmarks.least import PostgreSQL, SQLite, Target
from benchmarks.server import postgresql
from payments.db import connect
from payments.models import Movement
from payments.providers.sandbox_file import parse_file
from reconciliation.models import Assignment, Break, StatementLine

#: Ours may take so many times the floor's time; lines a second the parser alone must read; megabytes.
AIM, PARSED, MEMORY = 1.5, 100_000, 512


@dataclass(frozen=True)
class Night:
    """What one run of ours came to."""

    seconds: float
    peak: float
    matched: int
    opened: int


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def night(url: str, folder: Path, days: int) -> Night:
    """Reconcile every day's file on `url`, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.one_night", url, str(folder), str(days)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return Night(**json.loads(done.stdout))


def parse(folder: Path, city: City) -> float:
    """Lines a second of the parser alone."""
    began, lines = time.perf_counter(), 0
    for day in city.every_day():
        raw = (folder / f"{day}.csv").read_bytes()
        lines += sum(1 for _ in parse_file("sandbox-settlement", SLUG, day, raw).lines)
    return lines / (time.perf_counter() - began)


def outcome(url: str, city: City) -> tuple[set[Any], set[Any]]:
    """The breaks and the matched pairs, by the references of both sides. Ends the benchmark when a
    break is missing, false or of the wrong class."""
    databases = connect(url)
    with databases.read() as tx:
        breaks, pairs = found_breaks(tx), found_pairs(tx)
    databases.dispose()
    expected = expected_breaks(city)
    if breaks != expected:
        sys.exit(
            f"missing: {sorted(expected - breaks)[:5]}, false: {sorted(breaks - expected)[:5]}"
        )
    return breaks, pairs


def found_breaks(tx: Session) -> set[Any]:
    """(class, line reference, rail reference of our movement) of every break."""
    rows = (
        select(Break.kind, StatementLine.line_ref, Movement.rail_ref)
        .outerjoin(StatementLine, StatementLine.id == Break.line_id)
        .outerjoin(Movement, Movement.id == Break.movement_id)
    )
    return {tuple(row) for row in tx.execute(rows)}


def found_pairs(tx: Session) -> set[Any]:
    """(line reference, rail reference, occurrence) of the two sides of every match."""
    rows = (
        select(StatementLine.line_ref, Movement.rail_ref, Movement.occurrence)
        .select_from(Assignment)
        .join(StatementLine, StatementLine.id == Assignment.line_id)
        .join(Movement, Movement.id == Assignment.movement_id)
    )
    return {tuple(row) for row in tx.execute(rows)}


def measure(target: Target, city: City, folder: Path, rounds: int) -> float:
    """The median of ours as a multiple of the floor; prints every round."""
    filled = target.create("filled")
    databases = connect(filled)
    fill(databases, city)
    databases.dispose()
    ratios = [_round(target, city, folder, turn) for turn in range(rounds)]
    say(f"{target.name}: {statistics.median(ratios):.2f} x the floor (aim: {AIM} or less)")
    return statistics.median(ratios)


def _round(target: Target, city: City, folder: Path, turn: int) -> float:
    times: dict[str, float] = {}

    def ours() -> None:
        told = night(target.copy("filled", "ours"), folder, city.days)
        times["ours"] = told.seconds
        say(
            f"  ours {told.seconds:.1f} s, {told.matched} matched, {told.opened} breaks, {told.peak:.0f} MB"
        )

    def floor() -> None:
        times["floor"] = target.floor("filled", "floor", folder)
        say(f"  floor {times['floor']:.1f} s")

    if turn == 0:
        told = night(target.copy("filled", "ours"), folder, city.days)
        found = outcome(target.address("ours"), city)
        again = night(target.address("ours"), folder, city.days)
        if (again.matched, again.opened) != (0, 0) or outcome(
            target.address("ours"), city
        ) != found:
            sys.exit("a second run added something")
        target.clean("ours", folder)
        if _shuffled(target, city, folder) != found:
            sys.exit("shuffled lines gave another result")
        right = f"{len(found[0])} breaks right, none false"
        say(f"{target.name}: {right}; a second run: nothing, {again.seconds:.1f} s")
        say("  shuffled lines: the same breaks, the same pairs")
        say(f"  first run {told.seconds:.1f} s, {told.peak:.0f} MB")
    order: list[Callable[[], None]] = [floor, ours] if turn % 2 == 0 else [ours, floor]
    for run in order:
        run()
    return times["ours"] / times["floor"]


def _shuffled(target: Target, city: City, folder: Path) -> tuple[set[Any], set[Any]]:
    """The outcome of the same files with their lines in another order."""
    place = folder / "shuffled"
    place.mkdir(exist_ok=True)
    write_files(city, place, shuffle=1)
    night(target.copy("filled", "ours"), place, city.days)
    return outcome(target.address("ours"), city)


def main() -> None:
    asked = (*sys.argv[1:], *(str(PAYMENTS), "3", "1", "both")[len(sys.argv) - 1 :])
    count, rounds, days = (int(word) for word in asked[:3])
    city = City.of(count, days)
    with tempfile.TemporaryDirectory() as place, postgresql() as server:
        folder = Path(place)
        lines = write_files(city, folder)
        say(f"{count} payments, {lines} lines, {len(city.faults)} seeded breaks, {days} files")
        say(f"parsing alone: {parse(folder, city):.0f} lines/s (aim: {PARSED} or more)")
        targets: list[Target] = [PostgreSQL(server), SQLite(folder)]
        for target in targets:
            if asked[3] in ("both", target.name.lower()):
                measure(target, city, folder, rounds)


if __name__ == "__main__":
    main()
