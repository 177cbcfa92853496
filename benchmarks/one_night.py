"""Our reconciliation of a city, in a process of its own so that its memory is its own.

``python -m benchmarks.one_night URL FOLDER DAYS`` prints JSON: seconds, peak memory in MB, and what
became of the days.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.city import LAST_DAY, SLUG, after, gateways
from payments.accounts import account_by_slug
from payments.db import connect
from reconciliation.service import reconcile


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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told = {"seconds": seconds, "peak": peak, "matched": matched, "opened": opened}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
