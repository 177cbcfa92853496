"""A city's payments and the provider's files about them, with every kind of break seeded.

Everything follows from the seed: which payment has which fault, every amount and every instant. At
the size of the city's own figure there are 674,543 payments and 675,119 settlement lines (and a payout
line per file); smaller cities have their share of each fault, three at least.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from payments.accounts import Gateways, open_account
from payments.bulk import Ids, add_many
from payments.codes import code_for
from payments.db import CITY_ZONE, Databases
from payments.models import MerchantAccount, Movement, Notice, Payment, Transfer
from payments.provider import HttpAnswer
from payments.providers.sandbox import SandboxProvider
from payments.secrets import Vault

PAYMENTS, SEED = 674_543, 20_261_120
LAST_DAY = date(2026, 11, 20)
SLUG, BASE, FEE_PERMYRIAD = "city", "https://provider.test", 110
#: Seals the account's secret, which nobody here needs to keep.
KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
PRICES = (5_000, 8_000, 20_000, 25_000, 40_000)
LOTS = tuple(f"HK-{number:03}" for number in range(1, 61))

#: How often each fault was seeded at the city's size: 5,664 breaks, and 576 lines more than payments.
FAULTS = {
    "missing_external": 1_150,
    "missing_internal": 900,
    "amount_mismatch": 1_000,
    "fee_mismatch": 1_000,
    "currency_mismatch": 200,
    "duplicate_external": 600,
    "duplicate_internal": 288,
    "status_mismatch": 300,
    "refund_unknown": 113,
    "chargeback": 113,
}


@dataclass(frozen=True)
class City:
    """`count` payments over `days` business days up to `LAST_DAY`, a file for each of them."""

    count: int = PAYMENTS
    days: int = 1
    faults: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int, days: int = 1) -> City:
        """The city of this size: which payment has which fault."""
        wanted = {k: max(3, round(n * count / PAYMENTS)) for k, n in FAULTS.items()}
        chosen = random.Random(SEED).sample(range(1, count + 1), sum(wanted.values()))
        kinds = (kind for kind, times in wanted.items() for _ in range(times))
        return cls(count, days, dict(zip(chosen, kinds, strict=True)))

    def day(self, number: int) -> date:
        """The business day of payment `number`, which counts from 1."""
        return LAST_DAY - timedelta(days=self.days - 1 - (number - 1) * self.days // self.count)

    def when(self, number: int) -> datetime:
        """The instant of payment `number`: between five in the morning and nine at night."""
        seconds = 5 * 3600 + number * 7919 % 57_600
        return datetime.combine(self.day(number), time(), CITY_ZONE) + timedelta(seconds=seconds)

    def every_day(self) -> list[date]:
        return [LAST_DAY - timedelta(days=back) for back in reversed(range(self.days))]


def price(number: int) -> int:
    return PRICES[number * 31 % len(PRICES)]


def fee_of(amount: int) -> int:
    return (amount * FEE_PERMYRIAD + 5_000) // 10_000


def fill(databases: Databases, city: City) -> None:
    """The payments as our books have them: each with its notice, movement and transfer."""
    settings = {"base_url": BASE, "merchant": SLUG, "fee_permyriad": FEE_PERMYRIAD}
    with databases.write.begin() as tx:
        account = open_account(
            tx, Vault([KEY]), slug=SLUG, operator="City", provider="sandbox", mode="test",
            settings=settings, secret={"secret": "s" * 32}, now=city.when(1),
        )  # fmt: skip
        books = _Books(city, account)
        add_many(tx, Payment, _Books.PAYMENT, books.payments())
        add_many(tx, Notice, _Books.NOTICE, books.notices())
        add_many(tx, Movement, _Books.MOVEMENT, books.movements())
        add_many(tx, Transfer, _Books.TRANSFER, books.transfers())
    with databases.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


class _Books:
    """The rows of a city's payments, table by table."""

    PAYMENT = (
        "id", "number", "code", "account_id", "reference", "intent", "amount", "currency",
        "cost_centre", "product", "description", "created_at", "expires_at", "return_url",
        "notify_url", "method", "state", "flags", "received", "reversed", "refunded", "paid_at",
        "book_day", "polls",
    )  # fmt: skip
    NOTICE = (
        "id", "account_id", "key", "payment_id", "order_code", "status", "source", "stale",
        "event_at", "recorded_at", "digest",
    )  # fmt: skip
    MOVEMENT = (
        "id", "account_id", "kind", "rail_ref", "occurrence", "amount", "currency", "payment_id",
        "notice_id", "event_at", "recorded_at", "book_day",
    )  # fmt: skip
    TRANSFER = (
        "id", "operator", "kind", "debit", "credit", "amount", "currency", "movement_id",
        "book_day", "recorded_at",
    )  # fmt: skip

    def __init__(self, city: City, account: MerchantAccount) -> None:
        self.city, self.account = city, account
        self.payment, self.notice, self.movement, self.second = Ids(), Ids(), Ids(), Ids()

    def payments(self) -> Iterator[tuple[Any, ...]]:
        for number, key in zip(range(1, self.city.count + 1), self.payment, strict=False):
            at, amount = self.city.when(number), price(number)
            failed = self.city.faults.get(number) == "status_mismatch"
            got = 0 if failed else amount * (2 if self._twice(number) else 1)
            yield (
                key, number, code_for(number), self.account.id, f"session:{number}",
                f"quote:{number}", amount, "VND", LOTS[number % len(LOTS)], "parking:motorbike",
                "parking", at, at + timedelta(minutes=10), "", "", "",
                "failed" if failed else "paid", "duplicate,overpaid" if self._twice(number) else "", got, 0,
                0, None if failed else at,
                None if failed else self.city.day(number), 0,
            )  # fmt: skip

    def _twice(self, number: int) -> bool:
        return self.city.faults.get(number) == "duplicate_internal"

    def notices(self) -> Iterator[tuple[Any, ...]]:
        for number, key, payment in self._each(self.notice, self.payment):
            at = self.city.when(number)
            failed = self.city.faults.get(number) == "status_mismatch"
            yield (
                key, self.account.id, f"n{number}", payment, code_for(number),
                "failed" if failed else "paid", "webhook", False, at, at, "",
            )  # fmt: skip

    def _each(self, *runs: Ids) -> Iterator[tuple[Any, ...]]:
        return zip(range(1, self.city.count + 1), *runs, strict=False)

    def movements(self) -> Iterator[tuple[Any, ...]]:
        for number, key, twin, payment, notice in self._each(
            self.movement, self.second, self.payment, self.notice
        ):
            at, day = self.city.when(number), self.city.day(number)
            for times, own in self._moved(number, key, twin):
                yield (
                    own, self.account.id, "receipt", f"T-{number}", times, price(number), "VND",
                    payment, notice, at, at, day,
                )  # fmt: skip

    def _moved(self, number: int, key: Any, twin: Any) -> list[tuple[int, Any]]:
        """(occurrence, id) of the receipts of payment `number`."""
        if self.city.faults.get(number) == "status_mismatch":
            return []
        return [(1, key), (2, twin)] if self._twice(number) else [(1, key)]

    def transfers(self) -> Iterator[tuple[Any, ...]]:
        keys = iter(Ids())
        for number, key, twin in self._each(self.movement, self.second):
            at, day = self.city.when(number), self.city.day(number)
            for _, own in self._moved(number, key, twin):
                yield (
                    next(keys), "City", "receipt", f"clearing:{SLUG}", "collected", price(number),
                    "VND", own, day, at,
                )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a provider's file."""

    ref: str
    kind: str
    order: str
    rail_ref: str
    at: datetime
    gross: int
    fee: int
    currency: str = "VND"

    def text(self) -> str:
        """The line as it stands in the file."""
        return (
            f"{self.ref},{self.kind},{self.order},{self.rail_ref},{self.at.isoformat()},"
            f"{self.gross},{self.fee},{self.gross - self.fee},{self.currency},\n"
        )


def rows_about(city: City, number: int) -> Iterator[Row]:
    """What the provider says about payment `number`: the truth, unless a fault was seeded."""
    amount, at, fault = price(number), city.when(number), city.faults.get(number)
    code, fee = code_for(number), fee_of(price(number))
    silent = fault is None and number % 20 == 7  # this rail forgets its own reference at times
    own = Row(f"L-{number}", "payment", code, "" if silent else f"T-{number}", at, amount, fee)
    match fault:
        case "missing_external":
            return
        case "amount_mismatch":
            yield Row(own.ref, own.kind, code, own.rail_ref, at, amount + 1_000, fee)
        case "fee_mismatch":
            yield Row(own.ref, own.kind, code, own.rail_ref, at, amount, fee + 100)
        case "currency_mismatch":
            yield Row(own.ref, own.kind, code, own.rail_ref, at, amount, 0, "USD")
        case _:
            yield own
    match fault:
        case "duplicate_external":
            yield Row(f"L-{number}-2", "payment", code, own.rail_ref, at, amount, fee)
        case "missing_internal":
            yield Row(f"X-{number}", "payment", "", f"X-{number}", at, amount, fee)
        case "refund_unknown":
            yield Row(f"R-{number}", "refund", code, f"R-{number}", at, -amount, 0)
        case "chargeback":
            yield Row(f"C-{number}", "payment", code, f"C-{number}", at, -amount, 0)


def write_files(city: City, folder: Path, shuffle: int | None = None) -> int:
    """The provider's file of every day, ``<day>.csv``; how many lines besides the payouts. With
    `shuffle`, in another order."""
    lines, numbers = 0, iter(range(1, city.count + 1))
    number = next(numbers)
    for day in city.every_day():
        rows: list[Row] = []
        while number <= city.count and city.day(number) == day:
            rows += rows_about(city, number)
            number += 1
        lines += len(rows)
        paid = sum(row.gross - row.fee for row in rows if row.currency == "VND")
        at = datetime.combine(day, time(23, 59, 59), CITY_ZONE)
        rows.append(Row(f"P-{day}", "payout", "", f"B-{day}", at, -paid, 0))
        if shuffle is not None:
            random.Random(shuffle).shuffle(rows)
        (folder / f"{day}.csv").write_bytes(_rendered(day, rows))
    return lines


def _rendered(day: date, rows: list[Row]) -> bytes:
    head = f"H,1,sandbox-settlement,{SLUG},{day},{day}T23:59:59+07:00,complete\n"
    columns = "line_ref,kind,order,rail_ref,event_at,gross,fee,net,currency,text\n"
    before = (head + columns + "".join(row.text() for row in rows)).encode()
    gross, fee = sum(row.gross for row in rows), sum(row.fee for row in rows)
    tail = f"T,{len(rows)},{gross},{fee},{gross - fee},{hashlib.sha256(before).hexdigest()}\n"
    return before + tail.encode()


#: Faults whose break is about a line, by the first letter of that line's name; the others have none.
_LINES = {
    "missing_internal": "X-{}", "duplicate_external": "L-{}-2", "refund_unknown": "R-{}",
    "chargeback": "C-{}", "status_mismatch": "L-{}", "amount_mismatch": "L-{}",
    "fee_mismatch": "L-{}", "currency_mismatch": "L-{}",
}  # fmt: skip


def expected_breaks(city: City) -> set[tuple[str, str | None, str | None]]:
    """(class, line reference, rail reference of our movement) of every break that was seeded."""
    paired = ("amount_mismatch", "fee_mismatch", "currency_mismatch")
    ours = (*paired, "missing_external", "duplicate_internal")
    return {
        (kind, _LINES[kind].format(n) if kind in _LINES else None, f"T-{n}" if kind in ours else None)
        for n, kind in city.faults.items()
    }  # fmt: skip


class Post:
    """The provider's address, answered from a folder (`payments.provider.Http`)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        place, day = urlsplit(url).path.split("/")[-2:]
        file = self.folder / f"{day}.csv"
        if place != "statements" or not file.exists():
            return HttpAnswer(404, {}, b'{"error": {"message": "not out"}}')
        return HttpAnswer(200, {}, file.read_bytes())


def gateways(folder: Path) -> Gateways:
    """The way to the provider, whose files lie in `folder`."""
    rails = {"sandbox": SandboxProvider}
    return Gateways(rails, Post(folder), lambda: after(LAST_DAY), Vault([KEY]))


def after(day: date) -> datetime:
    """Half an hour after the end of `day`, when its file is there."""
    return datetime.combine(day + timedelta(days=1), time(0, 30), CITY_ZONE)
