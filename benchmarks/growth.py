"""How a night of reconciliation grows with its city, beside the least SQL that writes the same rows.

``python -m benchmarks.growth [PAYMENTS] [TIMES] [ROUNDS]``: on PostgreSQL, one file of one day, at
PAYMENTS and at TIMES as many; 674,543 and 10 unless told otherwise, which wants 60 GB of disk and an hour. Ours
and the floor are those of `benchmarks.reconcile`; our growth may be 1.15 times the floor's.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.city import PAYMENTS, City, fill, write_files
from benchmarks.least import PostgreSQL
from benchmarks.reconcile import night, outcome, say
from benchmarks.server import postgresql
from payments.db import connect

AIM = 1.15


def measure(target: PostgreSQL, count: int, rounds: int) -> tuple[float, float]:
    """Medians of our seconds and the floor's for a night of `count` payments; ends the benchmark when a
    break is missing or false."""
    city = City.of(count, 1)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lines = write_files(city, folder)
        databases = connect(target.create("filled"))
        fill(databases, city)
        databases.dispose()
        ours, floor = [], []
        for _ in range(rounds):
            ours.append(night(target.copy("filled", "ours"), folder, 1).seconds)
            outcome(target.address("ours"), city)
            target.clean("ours", folder)
            floor.append(target.floor("filled", "floor", folder))
        found = statistics.median(ours), statistics.median(floor)
        say(f"{count} payments, {lines} lines: ours {found[0]:.1f} s, floor {found[1]:.1f} s")
        return found


def main() -> None:
    asked = (*sys.argv[1:], *(str(PAYMENTS), "10", "1")[len(sys.argv) - 1 :])
    count, times, rounds = (int(word) for word in asked)
    with postgresql() as server:
        target = PostgreSQL(server)
        small, large = measure(target, count, rounds), measure(target, count * times, rounds)
    ours, floor = (after / before for before, after in zip(small, large, strict=True))
    say(f"{times} times the size: ours {ours:.2f} x, the floor {floor:.2f} x")
    say(f"growth {ours / floor:.2f} x the floor's (aim: {AIM} or less)")


if __name__ == "__main__":
    main()
