"""A VNPAY account whose settlement files somebody hands in, and what VNPAY's notices told before."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func as sql
from sqlalchemy import select

from payments.accounts import Gateways, open_account
from payments.checkout import Request, intend
from payments.db import CITY_ZONE, Databases
from payments.models import MerchantAccount
from payments.provider import MovementFact, MovementKind, Notice, Status
from payments.providers.vnpay import VnpayProvider
from payments.secrets import Vault
from payments.service import record
from reconciliation.breaks import list_breaks
from reconciliation.invariants import check
from reconciliation.models import AccountDay, Assignment, Statement, StatementLine
from reconciliation.uploads.mappings import write
from reconciliation.uploads.models import Upload
from reconciliation.uploads.service import accept
from tests.payments.kit import KEY
from tests.payments.word_of_mouth import NoNetwork
from tests.statements.settling import DAY, MAPPING, MERCHANT, File, Sold

NOW = datetime.combine(DAY + timedelta(days=1), datetime.min.time(), CITY_ZONE) + timedelta(hours=9)
_numbers = itertools.count(1)


@dataclass
class Counter:
    databases: Databases
    gateways: Gateways
    account: MerchantAccount

    def paid(self, amount: int = 20_000, **more: Any) -> Sold:
        """A payment that a notice told of, as the company's row about it."""
        number, at = next(_numbers), datetime.combine(DAY, Sold().at, CITY_ZONE)
        request = Request(
            self.account, f"session-{number}", f"quote-{number}", amount, "HK01", "parking:car",
            "parking", at + timedelta(minutes=10), "https://p.example/{code}", "https://p.example",
        )  # fmt: skip
        sold = Sold(amount, f"{14_000_000 + number}", **more)
        with self.databases.write.begin() as tx:
            code = intend(tx, request, at).code
            fact = MovementFact(MovementKind.RECEIPT, sold.number, amount, "VND", at)
            told = Notice(f"ipn:{number}", code, Status.PAID, at, (fact,))
            record(tx, self.account, told, at, source="webhook")
        return Sold(amount, sold.number, code, **more)

    def hand_in(self, raw: bytes, name: str = "doi-soat.csv", now: datetime = NOW) -> Upload:
        """The upload after its last step."""
        steps = accept(self.databases.write, self.gateways, self.account, name, raw, "hoa", now)
        return list(steps)[-1]

    def end(self) -> dict[str, Any]:
        """Everything that must not depend on order, repetition or interruption."""
        with self.databases.read() as tx:
            lines = select(StatementLine.line_ref, StatementLine.kind, StatementLine.net)
            states = select(AccountDay.day, AccountDay.state)
            return {
                "lines": sorted(map(tuple, tx.execute(lines))),
                "days": sorted(map(tuple, tx.execute(states))),
                "matches": tx.scalar(select(sql.count()).select_from(Assignment)),
                "breaks": sorted((row.kind, row.difference) for row in list_breaks(tx, DAY)),
                "violations": [f"{v.rule}: {v.row}: {v.found}" for v in check(tx)],
            }

    def statements(self) -> list[Statement]:
        with self.databases.read() as tx:
            return list(tx.scalars(select(Statement).order_by(Statement.day, Statement.id)))


def make_counter(databases: Databases, mapping: dict[str, object] | None = MAPPING) -> Counter:
    vault = Vault([KEY])
    gateways = Gateways({"vnpay": VnpayProvider}, NoNetwork(), lambda: NOW, vault)
    began = NOW - timedelta(days=30)
    with databases.write.begin() as tx:
        account = open_account(
            tx, vault, slug="an-vnpay", operator="an-binh", provider="vnpay", mode="test",
            settings={"tmn_code": MERCHANT}, secret={"hash_secret": "s" * 32}, now=began,
        )  # fmt: skip
    if mapping:
        write(databases.write, account, mapping, "theo hợp đồng", "hoa", began)
    return Counter(databases, gateways, account)


def file_of(*rows: Sold, **more: Any) -> bytes:
    return File(rows, **more).raw()
