"""The cast of the reconciliation tests: the operators An Bình and Cầu Gỗ, each with one merchant
account at a rail that hands out whatever files a test puts on its shelf."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar

from sqlalchemy import func as sql
from sqlalchemy import select

from payments.accounts import Gateways, open_account
from payments.checkout import Request, intend
from payments.db import CITY_ZONE, Databases
from payments.models import MerchantAccount, Payment
from payments.provider import (
    Capabilities,
    Control,
    LineKind,
    MovementFact,
    MovementKind,
    StatementFile,
    StatementLine,
    Status,
)
from payments.provider import Notice as Told
from payments.secrets import Vault
from payments.service import record
from reconciliation.breaks import BreakRow, list_breaks
from reconciliation.models import BANK, SETTLEMENT, DayTotal
from reconciliation.service import Result, reconcile
from reconciliation.totals import totals
from tests.payments.kit import KEY
from tests.payments.word_of_mouth import SECRET, NoNetwork, WordOfMouth

DAY = date(2026, 11, 20)
ONE = timedelta(days=1)
PRICE = 20_000
#: 1.1 % of PRICE
FEE = 220

_numbers = itertools.count(1)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), CITY_ZONE)


def night(day: date) -> datetime:
    """00:30 after `day`: its files are due."""
    return at(day + ONE, 0, 30)


@dataclass
class Shelf:
    """The files a rail can deliver, by account, leg and day. An exception among them is raised."""

    files: dict[tuple[str, str, date], list[StatementFile]] = field(default_factory=dict)
    failures: dict[tuple[str, str], Exception] = field(default_factory=dict)

    def put(self, account: str, leg: str, file: StatementFile) -> StatementFile:
        self.files.setdefault((account, leg, file.day), []).append(file)
        return file

    def take(self, account: str, leg: str, day: date) -> list[StatementFile]:
        if (account, leg) in self.failures:
            raise self.failures[account, leg]
        return self.files.get((account, leg, day), [])


class FilingRail(WordOfMouth):
    """A provider with settlement files and nothing to say about the bank."""

    name: ClassVar[str] = "filing"
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=True, currencies=frozenset({"VND"}), statement_due_minutes=15
    )
    shelf: ClassVar[Shelf]

    def __init__(self, account: Any, http: Any, clock: Any) -> None:
        super().__init__(account, http, clock)
        self.slug = account.slug

    def statement(self, since: date, until: date) -> Sequence[StatementFile]:
        days = (since + n * ONE for n in range((until - since).days + 1))
        return [file for day in days for file in self.shelf.take(self.slug, SETTLEMENT, day)]


class BankingRail(FilingRail):
    """A provider that can also tell what reached the bank."""

    name: ClassVar[str] = "banking"

    def bank_credits(self, day: date) -> StatementFile | None:
        found = self.shelf.take(self.slug, BANK, day)
        return found[-1] if found else None


def line(
    ref: str,
    gross: int = PRICE,
    fee: int = FEE,
    kind: LineKind = LineKind.PAYMENT,
    *,
    rail: str | None = "",
    order: str | None = None,
    when: datetime | None = None,
    currency: str = "VND",
) -> StatementLine:
    """A settlement line; its rail reference is ``T-<ref>`` unless told otherwise."""
    return StatementLine(
        line_ref=f"L-{ref}",
        kind=kind,
        order_code=order,
        rail_ref=f"T-{ref}" if rail == "" else rail,
        event_at=when or at(DAY),
        gross=gross,
        fee=fee,
        net=gross - fee,
        currency=currency,
    )


def file_of(
    day: date, *lines: StatementLine, complete: bool = True, version: int = 1
) -> StatementFile:
    """A file of `lines` whose totals are right; another `version` has other bytes."""
    control = Control(
        len(lines),
        sum(x.gross for x in lines),
        sum(x.fee for x in lines),
        sum(x.net for x in lines),
    )
    raw = f"{day} {version} {complete} {lines!r}".encode()
    return StatementFile(f"{day}-{version}.csv", day, complete, lines, control, raw)


def payout_line(day: date, *lines: StatementLine) -> StatementLine:
    """The line that takes the net of `lines` away at the end of `day`."""
    amount = sum(x.net for x in lines if x.currency == "VND")
    batch = f"B-{day:%m%d}"
    return line(batch, -amount, 0, LineKind.PAYOUT, rail=batch, when=at(day, 23, 59))


def credit_line(day: date, amount: int, paid_out_on: date | None = None) -> StatementLine:
    """What the bank tells of the payout of `paid_out_on` (the day before `day` unless told)."""
    batch = f"B-{paid_out_on or day - ONE:%m%d}"
    return line(f"FT{day:%m%d}", amount, 0, LineKind.PAYOUT, rail=batch, when=at(day, 9))


@dataclass(frozen=True)
class Paid:
    """A payment that was received, and the line that tells the truth about it."""

    payment: Payment
    line: StatementLine


@dataclass
class World:
    databases: Databases
    gateways: Gateways
    shelf: Shelf
    accounts: dict[str, MerchantAccount]

    @property
    def account(self) -> MerchantAccount:
        return self.accounts["an-binh"]

    def order(
        self, amount: int = PRICE, when: datetime | None = None, slug: str = "an-binh",
        lot: str = "HK-001", product: str = "stay.car",
    ) -> Payment:  # fmt: skip
        """A payment that was begun and not heard of since."""
        when, number = when or at(DAY), next(_numbers)
        request = Request(
            self.accounts[slug], f"session-{number}", f"quote-{number}", amount, lot, product,
            "parking", when + timedelta(minutes=10), "https://p.example/{code}", "https://p.example",
        )  # fmt: skip
        with self.databases.write.begin() as tx:
            return intend(tx, request, when)

    def tell(self, told: Told, slug: str = "an-binh", now: datetime | None = None) -> None:
        with self.databases.write.begin() as tx:
            record(tx, self.accounts[slug], told, now or told.event_at, source="webhook")

    def receive(
        self, ref: str, payment: Payment, amount: int | None = None,
        when: datetime | None = None, slug: str = "an-binh", **fact: Any,
    ) -> None:  # fmt: skip
        """The provider tells us of a receipt ``T-<ref>`` for `payment`."""
        when, amount = when or at(DAY), amount or payment.amount
        motion = MovementFact(
            MovementKind.RECEIPT, f"T-{ref}", amount, fact.pop("currency", "VND"), when, **fact
        )
        key = f"{slug}-{ref}-{motion.occurrence}"
        self.tell(Told(key, payment.code, Status.PAID, when, (motion,)), slug)

    def pay(
        self, ref: str, amount: int = PRICE, when: datetime | None = None, slug: str = "an-binh",
        lot: str = "HK-001", product: str = "stay.car",
    ) -> Paid:  # fmt: skip
        """A payment received as ``T-<ref>``."""
        payment = self.order(amount, when, slug, lot, product)
        self.receive(ref, payment, when=when, slug=slug)
        fee = (amount * 110 + 5_000) // 10_000
        return Paid(payment, line(ref, amount, fee, order=payment.code, when=when))

    def move(
        self, kind: MovementKind, ref: str, payment: Payment, amount: int = PRICE,
        when: datetime | None = None,
    ) -> None:  # fmt: skip
        """The provider tells us of a refund or a reversal ``T-<ref>``."""
        when = when or at(DAY, 11)
        motion = MovementFact(kind, f"T-{ref}", amount, "VND", when)
        self.tell(Told(f"{kind}-{ref}", payment.code, Status.PAID, when, (motion,)))

    def put(self, file: StatementFile, leg: str = SETTLEMENT, slug: str = "an-binh") -> None:
        self.shelf.put(slug, leg, file)

    def settle(self, day: date, *lines: StatementLine, slug: str = "an-binh") -> None:
        """A complete settlement file of `lines` and their payout."""
        self.put(file_of(day, *lines, payout_line(day, *lines)), slug=slug)

    def credit(self, day: date, *lines: StatementLine) -> None:
        """A complete bank file."""
        self.put(file_of(day, *lines), BANK)

    def reconcile(
        self, day: date = DAY, now: datetime | None = None, slug: str = "an-binh"
    ) -> Result:
        return reconcile(
            self.databases.write, self.gateways, self.accounts[slug], day, now or night(day)
        )

    def breaks(self, day: date = DAY) -> list[BreakRow]:
        with self.databases.read() as tx:
            return list_breaks(tx, day)

    def brief(self, day: date = DAY) -> list[tuple[str, str | None, int, str]]:
        """(class, line, difference, state) of the day's breaks, sorted."""
        return sorted(((b.kind, b.line, b.difference, b.state) for b in self.breaks(day)), key=str)

    def totals(self, day: date = DAY) -> list[DayTotal]:
        with self.databases.read() as tx:
            return list(totals(tx, day))

    def count(self, table: type[Any], *where: Any) -> int:
        with self.databases.read() as tx:
            return int(tx.scalar(select(sql.count()).select_from(table).where(*where)) or 0)


def make_world(
    databases: Databases, rail: type[FilingRail] = BankingRail, **settings: Any
) -> World:
    shelf = Shelf()
    handed = type("Rail", (rail,), {"shelf": shelf})
    vault = Vault([KEY])
    gateways = Gateways({rail.name: handed}, NoNetwork(), lambda: at(DAY), vault)
    with databases.write.begin() as tx:
        accounts = [
            open_account(
                tx, vault, slug=slug, operator=operator, provider=rail.name, mode="test",
                settings={"fee_permyriad": 110, **settings}, secret={"secret": SECRET}, now=at(DAY - 30 * ONE),
            )
            for slug, operator in (("an-binh", "An Bình"), ("cau-go", "Cầu Gỗ"))
        ]  # fmt: skip
    return World(databases, gateways, shelf, {account.slug: account for account in accounts})


def altered(true: StatementLine, **changes: Any) -> StatementLine:
    """`true` with changes, its net still gross less fee."""
    changed = true._replace(**changes)
    return changed._replace(net=changed.gross - changed.fee)
