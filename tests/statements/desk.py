"""A VietQR account whose bank statements somebody hands in, and what a feed tells of the same money."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import select

from payments.accounts import Gateways, open_account
from payments.bank_transfers import transfer_ref
from payments.checkout import Request, intend
from payments.codes import refund_code
from payments.db import CITY_ZONE, Databases
from payments.models import MerchantAccount, Movement, Payment, Refund
from payments.narratives import candidates_in
from payments.provider import MovementFact, MovementKind, Notice, Status
from payments.providers.vietqr import VietqrProvider
from payments.refunds import RefundRequest, ask
from payments.secrets import Vault
from payments.service import record
from reconciliation.invariants import check
from reconciliation.models import AccountDay, Assignment, DayTotal, StatementLine
from reconciliation.uploads.models import Upload
from reconciliation.uploads.service import accept
from tests.payments.kit import KEY
from tests.payments.word_of_mouth import NoNetwork
from tests.statements.kit import ACCOUNT, DAY, Line, Paper, csv_of

#: The morning after the statement's day.
NOW = datetime.combine(DAY + timedelta(days=1), time(9), CITY_ZONE)
_numbers = itertools.count(1)


@dataclass
class UploadDesk:
    databases: Databases
    gateways: Gateways
    account: MerchantAccount

    def order(self, amount: int = 20_000) -> Payment:
        number, when = next(_numbers), datetime.combine(DAY, time(8), CITY_ZONE)
        request = Request(
            self.account, f"session-{number}", f"quote-{number}", amount, "HK01", "parking:car",
            "parking", when + timedelta(minutes=10), "https://p.example/{code}", "https://p.example",
        )  # fmt: skip
        with self.databases.write.begin() as tx:
            return intend(tx, request, when)

    def hand_in(
        self, raw: bytes, name: str = "sao-ke.csv", now: datetime = NOW, **more: Any
    ) -> Upload:
        """The upload after its last step."""
        steps = accept(
            self.databases.write, self.gateways, self.account, name, raw, "hoa", now, **more
        )
        return list(steps)[-1]

    def feed(self, line: Line, now: datetime | None = None) -> None:
        """A feed's webhook about one row of the statement."""
        at = datetime.combine(line.day, line.at, CITY_ZONE)
        kind = MovementKind.RECEIPT if line.amount > 0 else MovementKind.REFUND
        ref = transfer_ref(line.reference, line.day, abs(line.amount))
        fact = MovementFact(kind, ref, abs(line.amount), "VND", at)
        candidates = candidates_in(line.narrative, incoming=line.amount > 0)
        told = Notice(
            f"sepay:{line.reference}", None, Status.PAID, at, (fact,), candidates=candidates
        )
        with self.databases.write.begin() as tx:
            record(tx, self.account, told, now or at, source="webhook")

    def payment(self, payment: Payment) -> Payment:
        with self.databases.read() as tx:
            return tx.get_one(Payment, payment.id)

    def movements(self) -> list[tuple[str, int, bool]]:
        """(kind, amount, whether a payment is known) of every movement, sorted."""
        with self.databases.read() as tx:
            rows = tx.execute(select(Movement.kind, Movement.amount, Movement.payment_id)).all()
        return sorted((kind, amount, payment is not None) for kind, amount, payment in rows)

    def total(self) -> tuple[int, int, int, int]:
        """Count and gross recorded, count and gross confirmed, over all days."""
        names = ("count", "gross", "confirmed_count", "confirmed_gross")
        sums = [sql.coalesce(sql.sum(getattr(DayTotal, name)), 0) for name in names]
        with self.databases.read() as tx:
            found = [int(figure) for figure in tx.execute(select(*sums)).one()]
        return found[0], found[1], found[2], found[3]

    def end(self) -> dict[str, Any]:
        """Everything that must not depend on format, order or repetition."""
        with self.databases.read() as tx:
            lines = tx.execute(
                select(StatementLine.line_ref, StatementLine.kind, StatementLine.gross)
            )
            states = tx.execute(select(AccountDay.day, AccountDay.state))
            return {
                "movements": self.movements(),
                "total": self.total(),
                "lines": sorted(map(tuple, lines)),
                "days": sorted(map(tuple, states)),
                "matches": tx.scalar(select(sql.count()).select_from(Assignment)),
            }

    def violations(self) -> list[str]:
        with self.databases.read() as tx:
            return [f"{v.rule}: {v.row}: {v.found}" for v in check(tx)]

    def count(self, table: type[Any], *where: Any) -> int:
        with self.databases.read() as tx:
            return int(tx.scalar(select(sql.count()).select_from(table).where(*where)) or 0)

    def refund(self, payment: Payment, amount: int) -> str:
        """Ask for a refund; its code."""
        wish = RefundRequest(payment.id, amount, "excess", "twice", "hoa", f"r-{payment.code}")
        with self.databases.write.begin() as tx:
            asked: Refund = ask(tx, wish, NOW)
        assert asked.number is not None
        return refund_code(asked.number)


def make_desk(databases: Databases, slug: str = "an-vietqr", **settings: Any) -> UploadDesk:
    vault = Vault([KEY])
    gateways = Gateways({"vietqr": VietqrProvider}, NoNetwork(), lambda: NOW, vault)
    with databases.write.begin() as tx:
        account = open_account(
            tx, vault, slug=slug, operator="an-binh", provider="vietqr", mode="test",
            settings={
                "bank": "970436", "account": ACCOUNT, "holder": "CONG TY AN BINH",
                "feeds": ["sepay"], **settings,
            },
            secret={"sepay_secret": "s" * 20, "sepay_token": "t" * 20}, now=NOW - timedelta(days=30),
        )  # fmt: skip
    return UploadDesk(databases, gateways, account)


def day_of(*lines: Line, **more: Any) -> bytes:
    """The bank's table of these rows."""
    return csv_of(Paper(lines, **more))
