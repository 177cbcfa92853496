"""Bank transfers that our own pages show: what can still be made of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from payments import state
from payments.models import Payment
from payments.provider import BankTransfer


class Stage(StrEnum):
    #: to be transferred, as it stands
    OPEN = "open"
    #: money arrived, and not enough
    PART = "part"
    #: the time ran out, or a final word came without money
    OVER = "over"
    #: another amount is due by now
    CHANGED = "changed"


def transfer_of(payment: Payment) -> BankTransfer | None:
    """What a bank application needs; None for a payment that is made in another way."""
    return BankTransfer(**payment.transfer) if payment.transfer else None


def stage_of(payment: Payment, offered: int | None, due: int, now: datetime, asked: int) -> Stage:
    """What can be made of the transfer of an unpaid `payment`; `offered` and `due` are the amounts of
    what it is for, at `now`, `asked` what of it is for that. What is due never falls by itself, so
    less than was asked means that other money came or that the price was corrected."""
    if payment.received:
        return Stage.PART
    if payment.state not in state.OPEN or payment.expires_at <= now:
        return Stage.OVER
    if offered not in (None, asked) or due < asked:
        return Stage.CHANGED
    return Stage.OPEN


def open_transfer(payments: Iterable[Payment], now: datetime) -> Payment | None:
    """The first of `payments` that waits for a bank transfer at `now`."""
    waiting = (p for p in payments if p.transfer and p.state in state.OPEN and p.expires_at > now)
    return next(waiting, None)
