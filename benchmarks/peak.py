"""The peak at a lane in a real browser: how soon an attendant sees what was touched or paid.

``python -m benchmarks.peak [EXITS] [INSIDE]``. Three hundred of two thousand vehicles leave a lot by two
attendants at once, who think 300 to 500 ms before the digits and again before they touch: a peak of forty
minutes in a few. On a third phone drivers pay meanwhile. Measured in the page, from the touch, or from the
moment we know of the money, to the frame that shows the change.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import sync_playwright

from parking import schema
from payments.db import connect
from tests.browser.conftest import FLAGS, MISSING, chromium, running
from tests.browser.lane import arrive, exempt, open_lane
from tests.browser.peak import begin, every_exit, finish, let_out_after_paying, phones, plates

THINK = (300, 500)
PAYING, SECOND = 30, 1000


def play(folder: Path, url: str, exits: int, inside: int) -> tuple[list[float], list[float]]:
    """Milliseconds of every exit that was touched, and of every payment."""
    with sync_playwright() as playwright, running(folder, url) as city:
        program = chromium(playwright) or sys.exit(MISSING)
        chrome = playwright.chromium.launch(executable_path=program, args=[*FLAGS])
        leaving = arrive(city, *plates(inside))[:exits]
        exempt(city, leaving[PAYING : exits // 2])
        with phones(city, chrome, 3) as pages:
            for page in pages:
                open_lane(city, page)
            rest = [session.plate for session in leaving[PAYING:]]
            begin(pages[:2], [rest[at::2] for at in range(2)], THINK)
            paid = [let_out_after_paying(city, pages[2], row) for row in leaving[:PAYING]]
            shown = [row for one in finish(pages[:2]) for row in one["shown"]]
        if every_exit(city) != Counter(row.reference for row in leaving):
            sys.exit("Not every vehicle left exactly once.")
        chrome.close()
    return [row["milliseconds"] for row in shown], paid


def told(what: str, took: Sequence[float]) -> str:
    """One line of the table."""
    hundredths = quantiles(took, n=100, method="inclusive")
    soon = sum(each <= SECOND for each in took) / len(took)
    return (
        f"{what}: {len(took)}, median {median(took):.0f} ms, p95 {hundredths[94]:.0f}, "
        f"p99 {hundredths[98]:.0f}, longest {max(took):.0f}; {soon:.1%} within a second\n"
    )


def main() -> None:
    exits, inside = (int(word) for word in (*sys.argv[1:], "300", "2000")[:2])
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/parking.db"
        databases = connect(url)
        schema.upgrade(databases.engine)
        databases.dispose()
        touched, paid = play(Path(folder), url, exits, inside)
    sys.stdout.write(told("touched", touched) + told("paid", paid))
    sys.stdout.write(f"{exits} of {inside} vehicles in {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
