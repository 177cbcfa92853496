"""Fails when too many small mistakes, put into the modules of money, state and signatures, go unseen.

Reads what the mutation run exported: its count of changes that some test noticed, and of all.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

LEAST_PERCENT = 85


def main(report: Path) -> int:
    """Print the share of mutants that a test noticed; 1 when it is below the mark."""
    counts = json.loads(report.read_text())
    total, noticed = counts["total"], counts["killed"] + counts["timeout"]
    percent = 100 * noticed / total
    sys.stdout.write(f"{noticed} of {total} mutants noticed: {percent:.1f} %\n")
    return int(percent < LEAST_PERCENT)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
