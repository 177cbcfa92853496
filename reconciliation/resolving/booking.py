"""What a reason books for a difference: pure, from what is known of both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from payments.adjusting import adjustment
from payments.ledger import Entry
from payments.money import Money
from reconciliation.resolving.reasons import Against, Reason

#: What the cause of the transfer in the other currency ends in.
THEIRS = ":theirs"


@dataclass(frozen=True, slots=True)
class Matter:
    """What booking needs to know of a difference: `difference` theirs − ours; `holder` the clearing
    account; `at_bank` whether it is a bank's credit that no payout explains; `theirs` what came in
    another currency instead, signed towards us."""

    difference: int
    currency: str
    holder: str
    at_bank: bool = False
    theirs: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """One transfer to make. `suffix` tells the transfers of one cause apart."""

    entry: Entry
    money: Money
    suffix: str = ""


def bookings(matter: Matter, reason: Reason) -> Iterator[Booking]:
    """The transfers that make the books say what `reason` says (`reasons` explains the rule).

    The bank's own word is never doubted: where a reason books nothing, a credit alone at the bank is
    still booked, set apart in suspense.
    """
    off = Against.BANK.value if matter.at_bank else matter.holder
    against = _against(matter, reason)
    if against is None or against == off:
        return
    difference = -matter.difference if reason.back else matter.difference
    yield from _move(off, against, difference, matter.currency)
    if reason.books is Against.FX and matter.theirs is not None:
        yield from _move(off, against, *matter.theirs, suffix=THEIRS)


def _against(matter: Matter, reason: Reason) -> str | None:
    if reason.books is None:
        return Against.SUSPENSE.value if matter.at_bank else None
    if reason.books is Against.HOLDER:
        return matter.holder
    if reason.books is Against.FX:
        return f"fx:{matter.theirs[1]}" if matter.theirs else None
    return reason.books.value


def _move(
    account: str, against: str, amount: int, currency: str, suffix: str = ""
) -> Iterator[Booking]:
    """`account` moves by `amount`, signed, against another."""
    debit, credit = (account, against) if amount > 0 else (against, account)
    if amount:
        yield Booking(adjustment(debit, credit), Money(abs(amount), currency), suffix)
