"""The lane list of a lot with two thousand vehicles inside: queries, application time, bytes.

``python -m benchmarks.lane [VEHICLES] [ROUNDS]``. The list is asked for through the whole web
application, signed in, as a phone asks; a third of the vehicles has paid on the way in. Application
time is the processor time of our process for one request, from the WSGI call to the packed answer, less
that of the database: PostgreSQL is a process of its own (its driver, which is ours, counts), of SQLite
that is what its driver alone takes for the same statements. The first list of a process prices
every vehicle; each round lies a minute after the one before, so that the others price what has
changed since. The floor is the same rows by one plain query, as JSON, packed alike. A second table of
rounds begins after the evening's price did, when most who paid owe again.
"""

from __future__ import annotations

import gc
import gzip
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, select
from werkzeug.test import Client

from benchmarks.server import fresh_database, postgresql
from parking import schema
from parking.app import build, create_app
from parking.config import Config
from parking.house import House
from parking.lots.models import Lot
from parking.lots.seed import seed
from parking.people import sign_ins
from parking.sessions.models import ParkingSession, Quote
from payments.codes import code_for
from payments.db import CITY_ZONE, Databases, connect, new_id
from payments.models import MerchantAccount, Movement, Notice, Payment

LOT, USER = "HK01", "trongxe1"
HALF_PAST_FIVE = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)


#: From half past five to after the evening's price began.
LATER = timedelta(minutes=75)


class Clock:
    """Half past five, and later when wound."""

    def __init__(self) -> None:
        self.now = HALF_PAST_FIVE

    def __call__(self) -> datetime:
        return self.now


def house_on(url: str, folder: Path, clock: Clock) -> House:
    """A seeded city on the database `url`."""
    config = Config.from_env({"PARKING_VAR": str(folder), "DATABASE_URL": url})
    return build(config, embedded_sandbox=True, clock=clock)


def fill(databases: Databases, vehicles: int) -> None:
    """`vehicles` inside the lot: six of seven on two wheels, a third of them paid on the way in."""
    dice = random.Random(1730)
    with databases.write.begin() as tx:
        lot = tx.scalars(select(Lot).where(Lot.number == LOT)).one()
        account = tx.scalars(select(MerchantAccount)).first()
        rows: dict[type, list[dict[str, Any]]] = {
            kind: [] for kind in (ParkingSession, Quote, Payment, Notice, Movement)
        }
        for number in range(vehicles):
            session = _session(dice, lot, number)
            rows[ParkingSession].append(session)
            flat = session["vehicle_class"] == "motorbike"  # cars pay on the way out
            if account and flat and dice.random() < 0.4:
                for kind, row in _paid(session, account, number).items():
                    rows[kind].append(row)
        for kind, made in rows.items():
            tx.execute(insert(kind), made)
        tx.connection().exec_driver_sql("ANALYZE")


def _session(dice: random.Random, lot: Lot, number: int) -> dict[str, Any]:
    bike, session_id = dice.random() < 6 / 7, new_id()
    digits = f"{dice.randrange(1000):03}.{dice.randrange(100):02}"
    letter = dice.choice("ABCDEFGHKLMNPSTUVXYZ")
    plate = f"29-{letter}{dice.randrange(1, 10)} {digits}" if bike else f"30{letter}-{digits}"
    entry = HALF_PAST_FIVE - timedelta(seconds=dice.randrange(60, 10 * 3600))
    return {
        "id": session_id, "token": session_id.hex, "reference": f"session:{session_id}",
        "lot_id": lot.id, "plate_key": f"{plate}{number}", "plate": plate, "plate_kind": "civil",
        "needs_review": False, "vehicle_class": "motorbike" if bike else "car",
        "tariff_code": "hn-inner-two-wheel" if bike else "hn-dong-da", "tariff_version": 1,
        "entry_at": entry, "declared": dice.random() < 0.2, "opened_by": "driver",
        "created_at": entry,
    }  # fmt: skip


def _paid(
    session: dict[str, Any], account: MerchantAccount, number: int
) -> dict[type, dict[str, Any]]:
    at, quote_id, payment_id, notice_id = session["entry_at"], new_id(), new_id(), new_id()
    later = at + timedelta(minutes=10)
    return {
        Quote: {
            "id": quote_id, "session_id": session["id"], "priced_at": at, "price": 5000,
            "amount": 5000, "currency": "VND", "tariff_code": session["tariff_code"],
            "tariff_version": 1, "lines": [], "created_at": at, "expires_at": later,
        },
        Payment: {
            "id": payment_id, "number": number + 1, "code": code_for(number + 1),
            "account_id": account.id, "reference": session["reference"],
            "intent": f"quote:{quote_id}:{account.slug}:", "amount": 5000, "currency": "VND",
            "cost_centre": LOT, "product": "parking:motorbike", "description": LOT,
            "created_at": at, "expires_at": later, "return_url": "", "notify_url": "",
            "state": "paid", "received": 5000, "paid_at": at, "book_day": at.date(),
        },
        Notice: {
            "id": notice_id, "account_id": account.id, "key": str(number), "payment_id": payment_id,
            "status": "paid", "source": "webhook", "stale": False, "event_at": at,
            "recorded_at": at, "digest": "",
        },
        Movement: {
            "id": new_id(), "account_id": account.id, "kind": "receipt", "rail_ref": str(number),
            "occurrence": 1, "amount": 5000, "currency": "VND", "payment_id": payment_id,
            "notice_id": notice_id, "event_at": at, "recorded_at": at, "book_day": at.date(),
        },
    }  # fmt: skip


def phone_of(house: House, password: str) -> Client:
    """A signed-in attendant's browser."""
    token, _ = sign_ins.sign_in(house.databases.write, USER, password, "127.0.0.1", house.clock())
    client = create_app(house).test_client()
    client.set_cookie("sign-in", token, domain="localhost")
    return client


def milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


def floor(databases: Databases) -> bytes:
    """The vehicles inside by one plain query, packed: no state, no price, no sign-in."""
    columns = (ParkingSession.id, ParkingSession.plate, ParkingSession.entry_at)
    with databases.read() as tx:
        rows = tx.connection().execute(select(*columns).where(ParkingSession.exit_at.is_(None)))
        told = [[row.id.hex[-8:], row.plate, int(row.entry_at.timestamp())] for row in rows]
    return gzip.compress(json.dumps(told).encode(), 6)


class Watch:
    """The statements of a request, and what they cost SQLite."""

    def __init__(self, databases: Databases) -> None:
        self.engines = {maker.kw["bind"] for maker in (databases.read, databases.ask)}
        self.asked: list[tuple[str, Any]] = []
        for engine in self.engines:
            event.listen(engine, "before_cursor_execute", self.note)

    def note(self, *told: Any) -> None:
        if told[2].startswith("SELECT"):
            self.asked.append((told[2], told[3]))

    def queries(self) -> int:
        """Those about vehicles."""
        return sum("FROM parking_session" in statement for statement, _ in self.asked)

    def inside(self, databases: Databases, rounds: int) -> float:
        """Milliseconds of the database within our process."""
        if databases.engine.dialect.name != "sqlite":
            return 0.0
        cursor = databases.engine.raw_connection().cursor()

        def again() -> None:
            for statement, values in self.asked:
                cursor.execute(statement, values).fetchall()

        return statistics.median(milliseconds(again) for _ in range(rounds))


def measure(name: str, url: str, folder: Path, vehicles: int, rounds: int) -> None:
    """Print what one database gives."""
    clock = Clock()
    house = house_on(url, folder, clock)
    (password,) = (c.password for c in seed(house, clock()) if c.username == USER)
    fill(house.databases, vehicles)
    phone = phone_of(house, password)
    address = f"{house.config.public_url}/attendant/lane/{LOT}/list"

    def look() -> int:
        answer = phone.get(address, headers={"Accept-Encoding": "gzip"})
        if answer.status_code != 200:
            sys.exit(f"{address} answers {answer.status_code}.")
        return len(answer.data)

    gc.collect()
    gc.freeze()  # as a server process does
    sys.stdout.write(f"{name}: first of a process {milliseconds(look):.0f} ms\n")
    plain = statistics.median(milliseconds(lambda: floor(house.databases)) for _ in range(rounds))
    for when in (HALF_PAST_FIVE, HALF_PAST_FIVE + LATER):
        clock.now = when
        told = play(house.databases, clock, look, rounds)
        sys.stdout.write(
            f"{name}, {when.astimezone(CITY_ZONE):%H:%M}: {vehicles} vehicles, {told}, "
        )
        sys.stdout.write(f"a plain list {plain:.1f} ms\n")
    house.databases.dispose()


def play(databases: Databases, clock: Clock, look: Callable[[], int], rounds: int) -> str:
    """What one list takes, a minute after another."""
    size, watch = look(), Watch(databases)
    look()
    for engine in watch.engines:
        event.remove(engine, "before_cursor_execute", watch.note)
    database, times = watch.inside(databases, rounds), []
    for _ in range(rounds):
        clock.now += timedelta(minutes=1)
        times.append(milliseconds(look) - database)
    return (
        f"{watch.queries()} query, {size} bytes; application {statistics.median(times):.1f} ms "
        f"(best {min(times):.1f}, worst {max(times):.1f}), database in our process {database:.1f}"
    )


def main() -> None:
    vehicles, rounds = (int(word) for word in (*sys.argv[1:], "2000", "31")[:2])
    with tempfile.TemporaryDirectory() as folder, postgresql() as server:
        lite = f"sqlite:///{folder}/parking.db"
        databases = connect(lite)
        schema.upgrade(databases.engine)
        databases.dispose()
        for name, url in (("SQLite", lite), ("PostgreSQL", fresh_database(server))):
            measure(name, url, Path(folder) / name, vehicles, rounds)


if __name__ == "__main__":
    main()
