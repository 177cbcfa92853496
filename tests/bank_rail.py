"""A town whose drivers pay by a rail that cannot send money back and knows who paid."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from payments.codes import refund_code
from payments.models import MerchantAccount, Refund
from payments.provider import Capabilities, MovementFact, MovementKind, PayerAccount, Status
from payments.provider import Notice as Told
from payments.providers.sandbox import SandboxProvider
from payments.service import record
from tests.kit import Town


class BankRail(SandboxProvider):
    """The sandbox without refunds; every notice comes from one account at Vietcombank."""

    capabilities: ClassVar[Capabilities] = replace(SandboxProvider.capabilities, refunds=False)

    def payer(self, raw: bytes) -> PayerAccount | None:
        return PayerAccount("970436", "0011004123456", "NGUYEN VAN AN")


def by_bank(town: Town) -> Town:
    """`town` with `BankRail` in the sandbox's place."""
    gateways = replace(town.house.gateways, registry={"sandbox": BankRail})
    return replace(town, house=replace(town.house, gateways=gateways))


def bank_tells(town: Town, account: MerchantAccount, refund: Refund, ref: str = "FT-OUT-1") -> None:
    """The bank statement: a transfer left whose narrative carries the code of `refund`."""
    back = MovementFact(MovementKind.REFUND, ref, refund.amount, "VND", town.now)
    codes = (refund_code(refund.number or 0),)
    told = Told(f"out-{ref}", None, Status.PAID, town.now, (back,), candidates=codes)
    with town.house.databases.write.begin() as tx:
        record(tx, account, told, town.now, source="statement")
