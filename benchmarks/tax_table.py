"""A month of receipts as Form 01/TTGD: filing it and writing it must not take memory by the row.

``python -m benchmarks.tax_table [RECEIPTS]``: so many receipts of one operator in a fresh database of each
kind; the table is filed, then written in every format, each in a process of its own, from the rows the
database gives as they are asked for, checked that they foot. Memory is the process's peak above what it
had after the table of an empty month. The fill is not measured.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from typing import Any

import click
from sqlalchemy import insert, select

from benchmarks.reports import peak
from benchmarks.seals import KEY, NOON, rows
from benchmarks.server import on_both
from parking.lots.models import Operator
from parking.receipts.models import Receipt
from parking.reports.written import FORMATS, write_into
from parking.tax.form_01 import draft, newest
from parking.tax.periods import read_period
from parking.tax.tables import file_table
from payments.accounts import open_account
from payments.db import Databases, connect, new_id
from payments.models import Payment
from payments.secrets import Vault
from reconciliation.reports.footing import check

RECEIPTS, FILED_AT = 100_000, datetime(2026, 12, 8, 2, tzinfo=UTC)
EMPTY, MONTH = read_period("2026-10"), read_period("2026-11")


def receipt(operator: Any, payment: dict[str, Any]) -> dict[str, Any]:
    """The receipt of a payment, 20,000 dong at 8 %."""
    at, number = payment["paid_at"], payment["number"]
    return {
        "id": new_id(), "token": f"t{number}", "operator_id": operator, "year": 2026,
        "number": number, "payment_id": payment["id"], "gross": 20_000, "net": 18_519, "vat": 1_481,
        "vat_basis_points": 800, "currency": "VND", "paid_at": at, "tax_point": at, "issued_at": at,
        "tax_method": "deduction",
    }  # fmt: skip


def fill(databases: Databases, receipts: int) -> None:
    """One operator, its account, payments and receipts."""
    operator = Operator(
        id=new_id(), code="hoan-kiem", legal_name="Công ty", tax_code="", unverified=True
    )
    with databases.write.begin() as tx:
        tx.add(operator)
        account = open_account(
            tx, Vault([KEY]), slug="a", operator="hoan-kiem", provider="sandbox", mode="test",
            settings={}, secret={"secret": "s" * 40}, now=NOON,
        ).id  # fmt: skip
    for made in rows(account, receipts):
        with databases.write.begin() as tx:
            tx.execute(insert(Payment), made[Payment])
            tx.execute(insert(Receipt), [receipt(operator.id, one) for one in made[Payment]])
    with databases.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as own:
        own.exec_driver_sql("ANALYZE")


def work(databases: Databases, what: str) -> int:
    """File the month, or write its table; how many bytes were written."""
    with databases.read() as tx:
        operator = tx.scalars(select(Operator)).one()
        report = draft(tx, operator, EMPTY) if what == "file" else newest(tx, operator, EMPTY)
        with tempfile.TemporaryFile() as file:
            write_into(file, report, "csv" if what == "file" else what, "vi")
    before, started, size = peak(), time.perf_counter(), 0
    if what == "file":
        file_table(databases.write, operator, MONTH, "command:bench", FILED_AT)
    else:
        with databases.read() as tx:
            report = newest(tx, operator, MONTH)
        check(report)
        with tempfile.TemporaryFile() as file:
            write_into(file, report, what, "vi")
            size = file.tell()
    click.echo(f"{what:5} {peak() - before:>8,} KiB more, {size:>11,} bytes, "
               f"{time.perf_counter() - started:>6.2f} s")  # fmt: skip
    return size


def run(name: str, url: str, receipts: int) -> None:
    """Fill, and measure each work in a process of its own."""
    databases = connect(url)
    fill(databases, receipts)
    databases.dispose()
    click.echo(f"{name}, {receipts:,} receipts")
    for what in ("file", *FORMATS):
        subprocess.run((sys.executable, "-m", "benchmarks.tax_table", what, url), check=True)


def main(receipts: int) -> None:
    """Both kinds of database."""
    on_both(lambda name, url: run(name, url, receipts))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        opened = connect(sys.argv[2])
        work(opened, sys.argv[1])
        opened.dispose()
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else RECEIPTS)
