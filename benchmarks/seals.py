"""Sealing a day of payments, and finding one flipped byte in it.

``python -m benchmarks.seals [PAYMENTS] [BLOCK]``: so many payments with their movements and transfers in
a fresh database of each kind; all of them are sealed, verified, then one letter of one movement's
reference is changed behind the triggers and everything is verified again, as `parking verify --seals`
does: it must name exactly that row. The fill is not measured.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from benchmarks.server import on_both
from payments.accounts import open_account
from payments.codes import code_for
from payments.db import Base, Databases, connect, new_id
from payments.models import Movement, Payment, Transfer
from payments.secrets import Vault
from reconciliation.seals.sealing import BLOCK, Turn, seal
from reconciliation.seals.verifying import chain_holds, rows_hold

PAYMENTS, CHUNK = 674_543, 5_000
NOON = datetime(2026, 11, 19, 5, 0, tzinfo=UTC)
KEY = "YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcmstISE="

Rows = dict[type[Base], list[dict[str, Any]]]


def rows(account: Any, payments: int) -> Iterator[Rows]:
    """The rows of `payments` payments, a chunk at a time."""
    for first in range(1, payments + 1, CHUNK):
        made: Rows = {Payment: [], Movement: [], Transfer: []}
        for number in range(first, min(first + CHUNK, payments + 1)):
            at, payment, movement = NOON + timedelta(seconds=number % 40_000), new_id(), new_id()
            money = {"amount": 20_000, "currency": "VND"}
            made[Payment].append({
                "id": payment, "number": number, "code": code_for(number), "account_id": account,
                "reference": f"session:{payment}", "intent": f"quote:{payment}", **money,
                "cost_centre": "HK01", "product": "parking:car", "description": "HK01",
                "created_at": at, "expires_at": at, "return_url": "", "notify_url": "",
                "state": "paid", "received": 20_000, "paid_at": at, "book_day": at.date(),
            })  # fmt: skip
            made[Movement].append({
                "id": movement, "account_id": account, "kind": "receipt", "rail_ref": f"R{number}",
                "occurrence": 1, **money, "payment_id": payment, "event_at": at,
                "recorded_at": at, "book_day": at.date(),
            })  # fmt: skip
            made[Transfer].append({
                "id": new_id(), "operator": "hoan-kiem", "kind": "receipt", "debit": "clearing:a",
                "credit": "collected", **money, "movement_id": movement, "book_day": at.date(),
                "recorded_at": at,
            })  # fmt: skip
        yield made


def fill(databases: Databases, payments: int) -> None:
    with databases.write.begin() as tx:
        account = open_account(
            tx, Vault([KEY]), slug="a", operator="hoan-kiem", provider="sandbox", mode="test",
            settings={}, secret={"secret": "s" * 40}, now=NOON,
        ).id  # fmt: skip
    for made in rows(account, payments):
        with databases.write.begin() as tx:
            for kind, some in made.items():
                tx.execute(insert(kind), some)
    with databases.write.begin() as tx:
        tx.connection().exec_driver_sql("ANALYZE")


def flip(databases: Databases, payments: int) -> str:
    """One letter of one movement, behind the triggers; its id."""
    with databases.write.begin() as tx:
        _unguard(tx)
        wanted = Movement.rail_ref == f"R{payments * 2 // 3}"
        row = tx.scalars(select(Movement.id).where(wanted)).one()
        tx.execute(update(Movement).where(Movement.id == row).values(kind="receipu"))
    return row.hex


def _unguard(tx: Session) -> None:
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("ALTER TABLE movement DISABLE TRIGGER USER"))
    else:
        tx.execute(text("DROP TRIGGER movement_no_update"))


def timed(what: str, work: Callable[[], Any]) -> Any:
    wall, processor = time.monotonic(), time.process_time()
    found = work()
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stdout.write(f"  {what}: {wall:.1f} s ({processor:.1f} s of our processor), {peak} MB\n")
    sys.stdout.flush()
    return found


def verify(databases: Databases) -> list[str]:
    with databases.read() as tx:
        return [found.found for found in (*chain_holds(tx), *rows_hold(tx, watch()))]


def watch() -> Callable[[int], None]:
    """Shows in a terminal how many rows were read."""
    total = 0

    def tell(count: int) -> None:
        nonlocal total
        before, total = total, total + count
        if sys.stderr.isatty() and total // 50_000 > before // 50_000:
            sys.stderr.write(f"\r{total:,} rows")

    return tell


def measure(name: str, url: str, payments: int, block: int) -> None:
    """Print what one database gives."""
    databases, told = connect(url), watch()
    fill(databases, payments)
    sys.stdout.write(f"{name}, {payments:,} payments, blocks of {block:,}\n")
    turn = Turn(NOON, timedelta(seconds=-1), block, lambda _source, count: told(count))
    sealed = timed("sealed", lambda: seal(databases.write, turn))
    sys.stdout.write(f"  {sealed:,} rows\n")
    if timed("verified", lambda: verify(databases)):
        sys.exit("A sound database does not verify.")
    row = flip(databases, payments)
    found = timed("verified, one byte flipped", lambda: verify(databases))
    if found != [f"changed: {row}"]:
        sys.exit(f"The flipped byte was not found: {found}")
    databases.dispose()


def main() -> None:
    given = [int(word) for word in sys.argv[1:]]
    payments, block = (*given, *(PAYMENTS, BLOCK)[len(given) :])
    on_both(lambda name, url: measure(name, url, payments, block))


if __name__ == "__main__":
    main()
