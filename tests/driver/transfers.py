"""A bank account at Hoàn Kiếm that drivers transfer to, and money that arrives on it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from payments.models import Payment
from payments.provider import BankTransfer, Checkout, MovementFact, MovementKind, Order, Status
from payments.provider import Notice as Told
from qr.vietqr import Transfer, encode
from tests.driver.rails import Bank
from tests.payments.word_of_mouth import Memory

HOLDER, BIN, ACCOUNT = "CONG TY BAI XE HOAN KIEM", "970436", "0011001234567"


class Vietcombank(Bank):
    """Every order becomes a code that really pays into one account."""

    bin: ClassVar[str] = BIN
    memory: ClassVar[Memory]

    def start(self, order: Order) -> Checkout:
        self.memory.hear("start", order.code)
        wish = Transfer(
            self.bin, ACCOUNT, amount=order.amount, purpose=order.code, payee=HOLDER[:25]
        )
        return Checkout(transfer=BankTransfer(encode(wish), self.bin, ACCOUNT, HOLDER, order.code))


class Nowhere(Vietcombank):
    """The same at a bank nobody has heard of."""

    bin: ClassVar[str] = "970999"


def arrived(payment: Payment, amount: int, at: datetime, ref: str = "FT1") -> Told:
    """What the bank says when `amount` came with the payment's code."""
    fact = MovementFact(MovementKind.RECEIPT, ref, amount, "VND", at)
    return Told(f"bank:{ref}", payment.code, Status.PAID, at, (fact,))
