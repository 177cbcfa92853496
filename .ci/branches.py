"""Fails when too few branches of a room that handles money are tested; silent when all is well."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOMS = ("payments", "qr", "reconciliation", "parking/tariffs")
LEAST_PERCENT = 95


def shortfalls(report: Path) -> list[str]:
    """One sentence for each room below the mark."""
    files = json.loads(report.read_text())["files"]
    found = []
    for room in ROOMS:
        parts = [f["summary"] for name, f in files.items() if name.startswith(room + "/")]
        branches = sum(part["num_branches"] for part in parts)
        covered = sum(part["covered_branches"] for part in parts)
        if branches == 0 or covered * 100 < branches * LEAST_PERCENT:
            found.append(
                f"{room}/: {covered} of {branches} branches tested, {LEAST_PERCENT} % are needed"
            )
    return found


if __name__ == "__main__":
    missing = shortfalls(Path(sys.argv[1]))
    sys.stderr.writelines(f"{line}\n" for line in missing)
    sys.exit(1 if missing else 0)
