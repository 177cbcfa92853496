"""Accepting a file: whole or not at all, once however often it comes, each line once.

A line is the same line when its reference and its content are the same; two truly identical lines
of one file are two, told apart by `occurrence`. What is known after a set of files has arrived
therefore does not depend on their order.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from payments.db import business_day, new_id
from payments.money import EXPONENTS
from payments.provider import Control, InvalidStatement, LineKind, StatementFile
from payments.provider import StatementLine as Told
from reconciliation.models import SETTLEMENT, Statement, StatementBody, StatementLine

#: Line references looked up in one query; SQLite allows 32,766 parameters.
CHUNK = 5_000


class ControlTotalsDiffer(InvalidStatement):
    """A file that claims other totals than its lines have."""


@dataclass(frozen=True, slots=True)
class Content:
    """What makes two lines of the same reference the same line."""

    kind: str
    order_code: str | None
    rail_ref: str | None
    event_at: datetime
    gross: int
    fee: int
    currency: str


def check(file: StatementFile, day: date) -> None:
    """Raises `InvalidStatement` naming file and line unless every line can be read, and
    `ControlTotalsDiffer` unless the file's own totals are those of its lines."""
    if file.day != day:
        raise InvalidStatement(
            "%(file)s is about %(day)s, not about %(asked)s: the whole file is refused.",
            file=file.name, day=file.day, asked=day,
        )  # fmt: skip
    for number, line in enumerate(file.lines, start=1):
        _check_line(line, file=file.name, line=number)
    found = Control.over(file.lines)
    if found != file.control:
        raise ControlTotalsDiffer(
            "%(file)s claims %(claimed)s, its lines make %(found)s: the whole file is refused.",
            file=file.name, claimed=_words(file.control), found=_words(found),
        )  # fmt: skip


def _check_line(told: Told, **place: object) -> None:
    if not told.line_ref:
        raise InvalidStatement(
            "%(file)s, line %(line)s has no reference: the whole file is refused.", **place
        )
    if told.event_at.tzinfo is None:
        raise InvalidStatement(
            "%(file)s, line %(line)s has a time without its offset: the whole file is refused.",
            **place,
        )
    if told.currency not in EXPONENTS:
        raise InvalidStatement(
            "%(file)s, line %(line)s: %(currency)s is not a currency we know, the whole file is refused.",
            currency=told.currency, **place,
        )  # fmt: skip
    if told.net != told.gross - told.fee:
        raise InvalidStatement(
            "%(file)s, line %(line)s: %(gross)s less %(fee)s is not %(net)s, the whole file is refused.",
            gross=told.gross, fee=told.fee, net=told.net, **place,
        )  # fmt: skip


def _words(control: Control) -> str:
    return f"{control.count} × {control.gross} − {control.fee} = {control.net}"


def accept(
    tx: Session, account_id: uuid.UUID, leg: str, day: date, file: StatementFile, now: datetime
) -> bool:
    """Store `file` with the lines that no earlier file told of; False when it came before.

    Raises `InvalidStatement` when the file cannot be believed; then nothing of it is stored.
    """
    check(file, day)
    digest = hashlib.sha256(file.raw).hexdigest()
    same = select(Statement.id).where(
        Statement.account_id == account_id, Statement.leg == leg, Statement.sha256 == digest
    )
    if tx.scalar(same) is not None:
        return False
    known = _known(tx, account_id, leg, file.lines)
    new = list(_new_lines(file.lines, known))
    fresh = Control.over([line for _, line, _ in new])
    statement = Statement(
        id=new_id(),
        account_id=account_id,
        leg=leg,
        day=day,
        name=file.name,
        sha256=digest,
        complete=file.complete,
        received_at=now,
        count=file.control.count,
        gross=file.control.gross,
        fee=file.control.fee,
        net=file.control.net,
        repeated_count=file.control.count - fresh.count,
        repeated_gross=file.control.gross - fresh.gross,
        repeated_fee=file.control.fee - fresh.fee,
        repeated_net=file.control.net - fresh.net,
    )
    tx.add(statement)
    tx.flush()
    tx.add(StatementBody(statement_id=statement.id, body=file.raw))
    if new:
        batch = _only_payout(file.lines) if leg == SETTLEMENT else None
        tx.execute(insert(StatementLine), [_row(statement, batch, *entry) for entry in new])
    return True


def _content(line: Told) -> Content:
    return Content(
        line.kind.value,
        line.order_code,
        line.rail_ref,
        line.event_at,
        line.gross,
        line.fee,
        line.currency,
    )


def _known(
    tx: Session, account_id: uuid.UUID, leg: str, lines: Sequence[Told]
) -> dict[str, Counter[Content]]:
    """Lines of earlier files under the same references, counted by content."""
    references = sorted({line.line_ref for line in lines})
    known: dict[str, Counter[Content]] = {}
    for start in range(0, len(references), CHUNK):
        query = select(
            StatementLine.line_ref,
            StatementLine.kind,
            StatementLine.order_code,
            StatementLine.rail_ref,
            StatementLine.event_at,
            StatementLine.gross,
            StatementLine.fee,
            StatementLine.currency,
        ).where(
            StatementLine.account_id == account_id,
            StatementLine.leg == leg,
            StatementLine.line_ref.in_(references[start : start + CHUNK]),
        )
        for row in tx.execute(query):
            known.setdefault(row[0], Counter())[Content(*row[1:])] += 1
    return known


def _new_lines(
    lines: Sequence[Told], known: dict[str, Counter[Content]]
) -> Iterator[tuple[int, Told, int]]:
    """(position, line, occurrence) of the lines to store: each known line covers one of its like."""
    spare = {reference: Counter(contents) for reference, contents in known.items()}
    stored = Counter({reference: contents.total() for reference, contents in known.items()})
    for position, line in enumerate(lines, start=1):
        like, content = spare.get(line.line_ref, Counter()), _content(line)
        if like[content]:
            like[content] -= 1
            continue
        stored[line.line_ref] += 1
        yield position, line, stored[line.line_ref]


def _only_payout(lines: Sequence[Told]) -> str | None:
    """The reference of the file's payout, when it has just one."""
    payouts = [line.rail_ref for line in lines if line.kind is LineKind.PAYOUT]
    return payouts[0] if len(payouts) == 1 else None


def _row(
    statement: Statement, batch: str | None, position: int, line: Told, occurrence: int
) -> dict[str, object]:
    return {
        "id": new_id(),
        "statement_id": statement.id,
        "account_id": statement.account_id,
        "leg": statement.leg,
        "position": position,
        "line_ref": line.line_ref,
        "occurrence": occurrence,
        "kind": line.kind.value,
        "order_code": line.order_code,
        "rail_ref": line.rail_ref,
        "event_at": line.event_at,
        "book_day": business_day(line.event_at),
        "gross": line.gross,
        "fee": line.fee,
        "net": line.net,
        "currency": line.currency,
        "text": line.text,
        "batch": batch if line.batch is None else line.batch,
    }
