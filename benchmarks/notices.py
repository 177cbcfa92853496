"""Signed notices over HTTP on PostgreSQL: our service against a floor that writes the same rows.

``python -m benchmarks.notices [NOTICES] [ROUNDS]``. Both programs run under the same WSGI server on
the same database server; each round sends the same number of notices over twelve connections to the
one, then to the other, and every second round the other way round. What counts is the median of the
rounds' ratios: single times say more about the machine.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import urllib3
from cryptography.fernet import Fernet
from sqlalchemy import func, insert, select

from benchmarks.server import free_port, fresh_database, postgresql
from payments.accounts import open_account
from payments.codes import code_for
from payments.db import Databases, connect, new_id
from payments.models import Movement, Payment, Transfer
from payments.sandbox.signing import notice_headers
from payments.secrets import Vault

SLUG, SECRET, PRICE = "bench", "a-secret-of-the-benchmark-0123456789", 20_000
CONNECTIONS = 12
KEY = Fernet.generate_key().decode()


def environment(database_url: str, folder: Path, port: int) -> dict[str, str]:
    """What both programs are started with."""
    key = base64.urlsafe_b64encode(b"k" * 32).decode()
    dsn = database_url.replace("postgresql+psycopg", "postgresql")
    return os.environ | {
        "DATABASE_URL": database_url,
        "PARKING_VAR": str(folder),
        "PORT": str(port),
        "SECRET_KEY": "s" * 48,
        "SIGN_KEYS": f"a:{key}",
        "SECRETS_KEY": KEY,
        "SANDBOX_SECRET": "x" * 40,
        "FLOOR_DSN": dsn,
        "FLOOR_SECRET": SECRET,
    }


@contextmanager
def serving(factory: str, env: dict[str, str], port: int) -> Iterator[str]:
    """`factory` under the server of `parking run`, with as many threads as there are connections."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws"),
        *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--blocking-threads", str(CONNECTIONS), "--log-level", "error", factory),
    ]
    process = subprocess.Popen(command, env=env)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address)
        yield address
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib3.request("GET", f"{address}/healthz", retries=False, timeout=1)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    sys.exit(f"{address} does not answer.")


def prepare(databases: Databases, count: int, now: datetime) -> list[str]:
    """One account and `count` pending payments; their codes."""
    with databases.write.begin() as tx:
        settings = {"base_url": "http://127.0.0.1:1", "merchant": SLUG}
        account = open_account(
            tx, Vault([KEY]), slug=SLUG, operator="bench", provider="sandbox", mode="test",
            settings=settings, secret={"secret": SECRET}, now=now,
        )  # fmt: skip
        rows = [_payment(number, account.id, now) for number in range(1, count + 1)]
        tx.execute(insert(Payment), rows)
        tx.connection().exec_driver_sql("ANALYZE")
    return [row["code"] for row in rows]


def _payment(number: int, account_id: object, now: datetime) -> dict[str, Any]:
    code = code_for(number)
    return {
        "id": new_id(), "number": number, "code": code, "account_id": account_id,
        "reference": f"session:{number}", "intent": f"quote:{number}", "amount": PRICE,
        "currency": "VND", "cost_centre": "HK01", "product": "parking:car",
        "description": "HK01", "created_at": now, "expires_at": now + timedelta(minutes=15),
        "return_url": "https://p.test/", "notify_url": "https://p.test/n", "state": "pending",
        "next_poll_at": now + timedelta(seconds=30),
    }  # fmt: skip


Letter = tuple[dict[str, str], bytes]


def letters(codes: Sequence[str], now: datetime) -> list[Letter]:
    """A signed notice for each code, as the sandbox writes them."""
    found = []
    for place, code in enumerate(codes):
        at = now.isoformat()
        movement = {
            "kind": "receipt", "rail_ref": f"SBX-{code}", "amount": PRICE, "currency": "VND",
            "event_at": at,
        }  # fmt: skip
        event = f"evt-{place}-{code}"
        told = {
            "id": event, "merchant": SLUG, "mode": "test", "order": code,
            "provider_ref": f"SBX-O{place}", "status": "paid", "event_at": at,
            "refund_key": None, "movements": [movement],
        }  # fmt: skip
        body = json.dumps(told, separators=(",", ":")).encode()
        found.append((notice_headers(event, body, (SECRET,), now), body))
    return found


def send(address: str, post: Sequence[Letter]) -> float:
    """Seconds until every letter was acknowledged over `CONNECTIONS` connections kept open."""
    waiting: SimpleQueue[Letter] = SimpleQueue()
    for letter in post:
        waiting.put(letter)
    host = urlsplit(address)
    refused: list[int] = []

    def carry() -> None:
        pool = urllib3.HTTPConnectionPool(host.hostname or "", host.port, maxsize=1)
        while True:
            try:
                headers, body = waiting.get_nowait()
            except Empty:
                return
            answer = pool.urlopen("POST", f"/payments/{SLUG}/notify", body=body, headers=headers)
            if answer.status != 200:
                refused.append(answer.status)

    started = time.perf_counter()
    carriers = [threading.Thread(target=carry) for _ in range(CONNECTIONS)]
    for carrier in carriers:
        carrier.start()
    for carrier in carriers:
        carrier.join()
    if refused:
        sys.exit(f"{len(refused)} notices were refused, first with {refused[0]}.")
    return time.perf_counter() - started


def measure(server: str, count: int, rounds: int) -> list[float]:
    """Our speed as a share of the floor's, round by round; prints each."""
    now = datetime.now(UTC)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        posts: dict[str, list[Letter]] = {}
        addresses: dict[str, str] = {}
        opened: dict[str, Databases] = {}
        for name, factory in (
            ("ours", "parking.app:serve"),
            ("floor", "benchmarks.floor:create_app"),
        ):
            url, port = fresh_database(server), free_port()
            opened[name] = connect(url)
            stack.callback(opened[name].dispose)
            codes = prepare(opened[name], count * (rounds + 1), now)
            posts[name] = letters(codes, now)
            env = environment(url, folder / name, port)
            addresses[name] = stack.enter_context(serving(factory, env, port))
        ratios = []
        for turn in range(rounds + 1):
            order = ("ours", "floor") if turn % 2 else ("floor", "ours")
            part = slice(turn * count, (turn + 1) * count)
            took = {name: send(addresses[name], posts[name][part]) for name in order}
            speed = {name: count / seconds for name, seconds in took.items()}
            label = f"round {turn}" if turn else "warm-up"
            ratio = speed["ours"] / speed["floor"]
            sys.stdout.write(
                f"{label}: ours {speed['ours']:.0f}/s, floor {speed['floor']:.0f}/s, {ratio:.2f} x\n"
            )
            if turn:
                ratios.append(ratio)
        check_same_rows(opened, count * (rounds + 1))
    return ratios


def check_same_rows(opened: dict[str, Databases], expected: int) -> None:
    """Both wrote everything, or the comparison is worth nothing."""
    for name, databases in opened.items():
        with databases.read() as tx:
            counts = [
                tx.scalar(select(func.count()).select_from(kind)) for kind in (Movement, Transfer)
            ]
            paid = tx.scalar(select(func.count()).where(Payment.state == "paid"))
        if [*counts, paid] != [expected] * 3:
            sys.exit(f"{name} wrote {counts} rows and {paid} paid payments instead of {expected}.")


def main() -> None:
    count, rounds = (int(text) for text in (*sys.argv[1:], "1500", "5")[:2])
    with postgresql() as server:
        ratios = measure(server, count, rounds)
    median = statistics.median(ratios)
    sys.stdout.write(f"notices: median {median:.2f} x the floor (aim: 0.50 or more)\n")


if __name__ == "__main__":
    main()
