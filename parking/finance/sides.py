"""The two sides of a difference, put next to each other so that the eye finds what differs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.models import ParkingSession
from parking.sessions.stays import stays_of
from payments.belonging import owners
from payments.errors import NotFound
from payments.models import MerchantAccount, Movement, Payment
from payments.provider import Control, MovementKind
from reconciliation.models import BANK, PAYOUT, Break, Statement, StatementLine
from reconciliation.payouts.models import StatementShare
from reconciliation.payouts.sums import payouts
from reconciliation.uploads.models import LineParty


@dataclass(frozen=True, slots=True)
class Told:
    """A statement line, the file it stands in, and who stands on the line's other side, if the bank
    says that in a column of its own."""

    line: StatementLine
    file: Statement
    party: LineParty | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What the lines of a payout make, and what it pays, all its payouts of one file together; None
    while there is no payout. Minor units."""

    makes: Control
    paid: int | None


@dataclass(frozen=True, slots=True)
class Sides:
    """A difference with everything known about it. On the settlement leg our side is `movement`
    (with its payment and stays) and theirs `line`; on the bank leg our side is `payout`, the
    provider's own announcement, and theirs the bank's `line`. On the payout leg theirs is `payout`,
    ours what its lines make (`batch`), and `line` the first of those that nobody paid out."""

    difference: Break
    account: MerchantAccount
    movement: Movement | None
    payment: Payment | None
    sessions: Sequence[ParkingSession]
    line: Told | None
    payout: Told | None
    batch: Batch | None


def sides_of(tx: Session, break_id: uuid.UUID, operator: str | None) -> Sides:
    """Both sides of one difference. Raises `NotFound`, also for another operator's."""
    difference = tx.get(Break, break_id)
    account = tx.get_one(MerchantAccount, difference.account_id) if difference else None
    if difference is None or account is None or operator not in (None, account.operator):
        raise NotFound("There is no such difference.")
    movement = tx.get(Movement, difference.movement_id) if difference.movement_id else None
    line = _told(tx, difference.line_id)
    payment = _payment(tx, movement, line)
    return Sides(
        difference,
        account,
        movement,
        payment,
        stays_of(tx, [payment])[payment.id] if payment else (),
        line,
        _told(tx, difference.payout_id),
        _batch(tx, difference, line) if difference.leg == PAYOUT else None,
    )


def _batch(tx: Session, difference: Break, line: Told | None) -> Batch:
    if line is not None:
        key = (line.file.id, line.line.batch or "", line.line.currency)
        share = tx.get_one(StatementShare, key)
        return Batch(Control(share.count, share.gross, share.fee, share.net), None)
    which = StatementLine.id == difference.payout_id
    (found,) = (
        one for one in payouts(tx, difference.account_id, which) if one.id == difference.payout_id
    )
    return Batch(found.carried, found.carried.net + (found.difference or 0))


def _told(tx: Session, line_id: uuid.UUID | None) -> Told | None:
    if line_id is None:
        return None
    line = tx.get_one(StatementLine, line_id)
    file = tx.get_one(Statement, line.statement_id)
    return Told(line, file, tx.get(LineParty, line.id))


def _payment(tx: Session, movement: Movement | None, line: Told | None) -> Payment | None:
    """The payment our side belongs to, or else the one of ours that their line names."""
    known = owners(tx, [movement]).get(movement.id) if movement is not None else None
    if known is not None:
        return tx.get_one(Payment, known)
    if line is None or line.line.order_code is None:
        return None
    return tx.scalar(
        select(Payment).where(
            Payment.code == line.line.order_code, Payment.account_id == line.line.account_id
        )
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the comparison. `kind` says how to show the values: amount, number, text, code, time
    or file; None is shown as nothing. `differs`: both sides say something, and not the same."""

    label: str
    kind: str
    ours: int | str | datetime | None
    theirs: int | str | datetime | None

    @property
    def differs(self) -> bool:
        """Whether the eye should stop here. Clocks of two companies never agree to the second, and
        each file has its own names."""
        told = self.ours is not None and self.theirs is not None
        return told and self.kind in ("amount", "text", "code") and self.ours != self.theirs


def rows_of(sides: Sides) -> Iterator[Row]:
    """What both sides say, property by property; empty properties are left out."""
    read = {PAYOUT: _payout_rows, BANK: _bank_rows}.get(sides.difference.leg, _rows)
    return (row for row in read(sides) if (row.ours, row.theirs) != (None, None))


def _rows(sides: Sides) -> Iterator[Row]:
    ours, theirs = sides.movement, sides.line.line if sides.line else None
    yield Row(mark("Amount"), "amount", _signed(ours), theirs.gross if theirs else None)
    yield Row(
        mark("Currency"),
        "text",
        ours.currency if ours else None,
        theirs.currency if theirs else None,
    )
    yield Row(mark("Fee"), "amount", _expected_fee(sides), theirs.fee if theirs else None)
    yield Row(
        mark("Payment code"),
        "code",
        sides.payment.code if sides.payment and ours else None,
        theirs.order_code if theirs else None,
    )
    yield Row(
        mark("Transaction reference"),
        "code",
        ours.rail_ref if ours else None,
        theirs.rail_ref if theirs else None,
    )
    yield Row(
        mark("Time"), "time", ours.event_at if ours else None, theirs.event_at if theirs else None
    )
    yield Row(mark("Recorded"), "time", ours.recorded_at if ours else None, _received(sides.line))
    yield from _where(None, sides.line)


def _bank_rows(sides: Sides) -> Iterator[Row]:
    ours = sides.payout.line if sides.payout else None
    theirs = sides.line.line if sides.line else None
    yield Row(
        mark("Amount"), "amount", -ours.gross if ours else None, theirs.gross if theirs else None
    )
    yield Row(
        mark("Batch reference"),
        "code",
        ours.rail_ref if ours else None,
        theirs.rail_ref if theirs else None,
    )
    yield Row(
        mark("Time"), "time", ours.event_at if ours else None, theirs.event_at if theirs else None
    )
    yield Row(mark("Recorded"), "time", _received(sides.payout), _received(sides.line))
    yield from _where(sides.payout, sides.line)


def _payout_rows(sides: Sides) -> Iterator[Row]:
    batch = sides.batch
    if batch is not None:
        yield Row(mark("Lines"), "number", batch.makes.count, None)
        yield Row(mark("Gross"), "amount", batch.makes.gross, None)
        yield Row(mark("Fees"), "amount", batch.makes.fee, None)
        yield Row(mark("Amount after fees"), "amount", batch.makes.net, batch.paid)
    yield Row(
        mark("Batch reference"),
        "code",
        sides.line.line.batch or sides.line.file.batch if sides.line else None,
        sides.payout.line.rail_ref if sides.payout else None,
    )
    yield Row(mark("Time"), "time", None, sides.payout.line.event_at if sides.payout else None)
    yield Row(mark("Recorded"), "time", _received(sides.line), _received(sides.payout))
    if sides.line is not None:
        # its line is but the first of many
        yield Row(mark("File"), "file", sides.line.file.name, None)
    yield from _where(None, sides.payout)


def _where(ours: Told | None, theirs: Told | None) -> Iterator[Row]:
    """Where to find it: file, line, the line's own reference and words."""
    for label, kind, read in (
        (mark("Name of the other side"), "file", lambda told: told.party and told.party.name),
        (mark("Account of the other side"), "code", lambda told: told.party and told.party.account),
        (mark("File"), "file", lambda told: told.file.name),
        (mark("Line in the file"), "file", lambda told: str(told.line.position)),
        (mark("Line reference"), "file", lambda told: told.line.line_ref),
        (mark("Text of the line"), "file", lambda told: told.line.text or None),
    ):
        sides = (ours and read(ours), theirs and read(theirs))
        yield Row(label, kind, *(said or None for said in sides))


def _signed(movement: Movement | None) -> int | None:
    """Our amount, signed towards us as statement lines are."""
    if movement is None:
        return None
    received = movement.kind == MovementKind.RECEIPT
    return movement.amount if received else -movement.amount


def _expected_fee(sides: Sides) -> int | None:
    """The agreed fee, where a difference is about it: what they charged less the difference."""
    if sides.difference.kind != "fee_mismatch" or sides.line is None:
        return None
    return sides.line.line.fee - sides.difference.difference


def _received(told: Told | None) -> datetime | None:
    return told.file.received_at if told else None
