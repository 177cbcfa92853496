"""Our reconciliation of a city, in a process of its own so that its memory is its own.

``python -m benchmarks.one_night URL FOLDER DAYS`` prints JSON: seconds, peak memory in MB, and what
became of the days.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.city import LAST_DAY, SLUG, after, gateways
from payments.accounts import account_by_slug
from payments.db import connect
from reconciliation.service import reconcile


def peak() -> float:
    """The most memory this process has held, in MB. Linux hands `ru_maxrss` on from whoever started
    a process, so its own mark is read instead."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    url, folder, days = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    databases, rails = connect(url), gateways(folder)
    with databases.read() as tx:
        account = account_by_slug(tx, SLUG)
    matched = opened = 0
    began = time.perf_counter()
    for back in reversed(range(days)):
        day = LAST_DAY - timedelta(days=back)
        result = reconcile(databases.write, rails, account, day, after(day))
        if result.state != "complete":
            sys.exit(f"{day} is {result.state}: {result.reason} {result.refusals}")
        matched, opened = matched + result.matched, opened + result.opened
    seconds = time.perf_counter() - began
    databases.dispose()
    told = {"seconds": seconds, "peak": peak(), "matched": matched, "opened": opened}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
