"""Accepting a file: whole or not at all, once however often it comes, each line once.

A line is the same line when its reference and its content are the same; two truly identical lines
of one file are two, told apart by `occurrence`. What is known after a set of files has arrived
therefore does not depend on their order. Lines go by in chunks: a file of a whole city is never in
memory as objects, and its totals are compared when the last one has gone by.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from operator import attrgetter, sub
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.money import EXPONENTS
from payments.provider import Control, InvalidStatement, LineKind, StatementFile
from payments.provider import StatementLine as Told
from reconciliation.models import SETTLEMENT, Statement, StatementBody
from reconciliation.packing import pack
from reconciliation.payouts.models import JOINT, LATER, NAMED, OWN
from reconciliation.shelving import BATCH, Batch, Shelf

_zone = attrgetter("tzinfo")


class ControlTotalsDiffer(InvalidStatement):
    """A file that claims other totals than its lines have."""


def accept(
    tx: Session, account_id: uuid.UUID, leg: str, day: date, file: StatementFile, now: datetime
) -> bool:
    """Store `file` with the lines that no earlier file told of; False when it came before.

    Raises `InvalidStatement` naming file and line when a line cannot be read, and
    `ControlTotalsDiffer` when the file's own totals are not those of its lines; then nothing of it
    is stored.
    """
    if file.day != day:
        raise InvalidStatement(
            "%(file)s is about %(day)s, not about %(asked)s: the whole file is refused.",
            file=file.name, day=file.day, asked=day,
        )  # fmt: skip
    digest = hashlib.sha256(file.raw).hexdigest()
    same = select(Statement.id).where(
        Statement.account_id == account_id, Statement.leg == leg, Statement.sha256 == digest
    )
    if tx.scalar(same) is not None:
        return False
    with tx.begin_nested():
        statement = _statement(account_id, leg, file, digest, now)
        tx.add(statement)
        tx.flush()
        tx.add(StatementBody(statement_id=statement.id, body=pack(file.raw)))
        tx.flush()
        _store_lines(tx, statement, file)
    return True


def _statement(
    account_id: uuid.UUID, leg: str, file: StatementFile, digest: str, now: datetime
) -> Statement:
    return Statement(
        account_id=account_id,
        leg=leg,
        day=file.day,
        name=file.name,
        sha256=digest,
        complete=file.complete,
        received_at=now,
        count=file.control.count,
        gross=file.control.gross,
        fee=file.control.fee,
        net=file.control.net,
    )


def _store_lines(tx: Session, statement: Statement, file: StatementFile) -> None:
    """The lines that are new, and what is said of the others in `statement`."""
    heard, shelf = _Heard(file), Shelf(tx, statement)
    shelf.put(heard)
    if heard.total != file.control:
        raise ControlTotalsDiffer(
            "%(file)s claims %(claimed)s, its lines make %(found)s: the whole file is refused.",
            file=file.name, claimed=_words(file.control), found=_words(heard.total),
        )  # fmt: skip
    claimed, new = file.control, shelf.total
    statement.repeated_count = claimed.count - new.count
    statement.repeated_gross = claimed.gross - new.gross
    statement.repeated_fee = claimed.fee - new.fee
    statement.repeated_net = claimed.net - new.net
    if statement.leg == SETTLEMENT:
        statement.paid_by, statement.batch = _carrier(file, heard)


def _carrier(file: StatementFile, heard: _Heard) -> tuple[str, str | None]:
    """Who pays for the lines that name no payout, as far as the file says so: `Statement.paid_by` and
    `Statement.batch`."""
    unnamed = sorted({one for one in heard.payouts if one} - heard.named)
    if not file.by_payout or None in heard.payouts:
        return NAMED, None
    if not heard.payouts:
        return LATER, None
    if len(unnamed) == 1:
        return OWN, unnamed[0]
    return (JOINT, unnamed[0]) if unnamed and not heard.named else (NAMED, None)


class _Heard:
    """The lines of a file as they go by in batches, each one checked: their totals so far, the
    references of the payouts among them, and of those that lines name."""

    def __init__(self, file: StatementFile) -> None:
        self._file = file
        self.total: Control
        self.payouts: list[str | None]
        self.named: set[str]

    def __iter__(self) -> Iterator[Batch]:
        """From the first line, as often as it is asked for."""
        self.total, self.payouts, self.named = Control(0, 0, 0, 0), [], set()
        lines = iter(self._file.lines)
        while batch := list(islice(lines, BATCH)):
            self._check(batch)
            yield batch

    def _check(self, batch: Batch) -> None:
        """Hear `batch`, column by column, which spares Python most of its work on each line; raises
        `InvalidStatement` at its first line that is not sound."""
        columns = list(zip(*batch, strict=True))
        if not _is_sound(columns):
            raise self._doubt(batch)
        _, kinds, _, _, _, gross, fee, net, _, _, payouts = columns
        if any(payouts) or LineKind.PAYOUT in kinds:
            self._note(batch)
        self.total += Control(len(batch), sum(gross), sum(fee), sum(net))

    def _note(self, batch: Batch) -> None:
        for line in batch:
            if line.kind is LineKind.PAYOUT:
                self.payouts.append(line.rail_ref)
            elif line.batch:
                self.named.add(line.batch)

    def _doubt(self, batch: Batch) -> InvalidStatement:
        numbered = enumerate(batch, start=self.total.count + 1)
        number, line = next(one for one in numbered if not _is_sound([*zip(one[1])]))
        return _doubt(line, self._file.name, number)


def _is_sound(columns: Sequence[tuple[Any, ...]]) -> bool:
    """Whether nothing is wrong with the lines that have these columns."""
    refs, _, _, _, instants, gross, fee, net, currencies, _, _ = columns
    return (
        all(refs)
        and None not in map(_zone, instants)
        and EXPONENTS.keys() >= set(currencies)
        and net == tuple(map(sub, gross, fee))
    )


def _doubt(told: Told, file: str, number: int) -> InvalidStatement:
    place: dict[str, object] = {"file": file, "line": number}
    if not told.line_ref:
        return InvalidStatement(
            "%(file)s, line %(line)s has no reference: the whole file is refused.", **place
        )
    if told.event_at.tzinfo is None:
        return InvalidStatement(
            "%(file)s, line %(line)s has a time without its offset: the whole file is refused.",
            **place,
        )
    if told.currency not in EXPONENTS:
        return InvalidStatement(
            "%(file)s, line %(line)s: %(currency)s is not a currency we know, the whole file is refused.",
            currency=told.currency, **place,
        )  # fmt: skip
    return InvalidStatement(
        "%(file)s, line %(line)s: %(gross)s less %(fee)s is not %(net)s, the whole file is refused.",
        gross=told.gross, fee=told.fee, net=told.net, **place,
    )  # fmt: skip


def _words(control: Control) -> str:
    return f"{control.count} × {control.gross} − {control.fee} = {control.net}"
