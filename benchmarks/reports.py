"""A month's rows in every format: the memory it takes must not grow with the rows.

``python -m benchmarks.reports [rows]`` writes a file of a tenth of the rows and one of all of them, each
in a process of its own, from rows that are made as they are asked for, and prints the peak of each
process (the kernel's high-water mark) above what it had before the first row, and the time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import click

from parking.reports.written import FORMATS, write_into
from reconciliation.reports.footing import check
from reconciliation.reports.table import Column, Kind, Lazy, Report, Row, Sum, Table

ROWS = 100_000
COLUMNS = (
    Column("code", "Payment"),
    Column("paid_at", "At", Kind.INSTANT),
    Column("day", "Day", Kind.DATE),
    Column("lot", "Lot"),
    Column("name", "Name of the lot"),
    Column("vehicle", "Kind"),
    Column("gross", "Gross", Kind.MONEY, adds_up=True),
    Column("fees", "Fees", Kind.MONEY, adds_up=True),
    Column("net", "Net", Kind.MONEY, adds_up=True),
)
AT = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)


def month(rows: int) -> Report:
    """A month's payments, none of which is ever in memory with another."""

    def read() -> Iterator[Row]:
        for n in range(rows):
            gross, fee = 5_000 + n % 7 * 1_000, 55 + n % 7 * 11
            yield (f"PK{n:010d}", AT, date(2026, 11, 1 + n % 30), f"HK{n % 405:03d}",
                   f"Bãi xe số {n % 405} phố Trần Quang Khải", "car", gross, fee, gross - fee)  # fmt: skip

    sums = [sum(int(str(row[place])) for row in read()) for place in (6, 7, 8)]
    totals = (None,) * 6 + tuple(sums)
    table = Table("payments", "Payments", COLUMNS, Lazy(read), totals,
                  sums=(Sum("net", ("gross",), ("fees",)),))  # fmt: skip
    return Report("month", "Payments", (), AT, (table,))


def peak() -> int:
    """The most memory this program ever had, in KiB; `getrusage` counts what its parent had too."""
    told = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(told["VmHWM"].split()[0])


def write(format_name: str, rows: int) -> None:
    """Write one file; print what it took, in KiB above the start, its bytes, and the seconds."""
    # the first file loads what every file needs
    with tempfile.TemporaryFile() as file:
        write_into(file, month(10), format_name, "vi")
    before, started = peak(), time.perf_counter()
    report = month(rows)
    check(report)
    with tempfile.TemporaryFile() as file:
        write_into(file, report, format_name, "vi")
        size = file.tell()
    click.echo(f"{peak() - before} {size} {time.perf_counter() - started:.2f}")


def measured(format_name: str, rows: int) -> list[str]:
    """What `write` printed in a process of its own."""
    command = (sys.executable, "-m", "benchmarks.reports", format_name, str(rows))
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def main(rows: int) -> None:
    """Print a line for each file."""
    for format_name, count in product(FORMATS, (rows // 10, rows)):
        extra, size, seconds = measured(format_name, count)
        click.echo(f"{format_name:5} {count:>8,} rows {int(extra):>8,} KiB more, "
              f"{int(size):>11,} bytes, {seconds:>6} s")  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3:
        write(sys.argv[1], int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
