"""Putting the lines of a file beside those of earlier files: what is known already is not stored again.

Each known line covers one of its like. Almost every line of almost every file is new, so a chunk is
stored as if all were; only when the database knows one of its references are its lines compared.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.bulk import MANY, Ids, add_many, take_stock
from payments.db import business_day
from payments.provider import Control, LineKind
from payments.provider import StatementLine as Told
from reconciliation.models import SETTLEMENT, Statement, StatementLine
from reconciliation.payouts.models import StatementShare

#: Lines at a time; SQLite allows 32,766 parameters to ask for their references.
CHUNK = 10_000

_COLUMNS = (
    "id", "position", "line_ref", "occurrence", "kind",
    "order_code", "rail_ref", "event_at", "book_day", "gross", "fee", "net", "currency", "text",
    "batch",
)  # fmt: skip

#: What makes two lines the same line.
_CONTENT = (
    "line_ref", "kind", "order_code", "rail_ref", "event_at", "gross", "fee", "currency",
)  # fmt: skip


#: Whether a line is a payout itself, the payout it names ('' for none), its currency.
_Carried = tuple[bool, str, str]


@dataclass
class _Known:
    """The lines stored under one reference: how many, and of which content by earlier files."""

    count: int = 0
    contents: Counter[bytes] = field(default_factory=Counter)


class Shelf:
    """The lines of `statement`; `total` are the control totals of those that were new."""

    def __init__(self, tx: Session, statement: Statement) -> None:
        self._tx, self._statement, self._ids = tx, statement, iter(Ids())
        self._covered: Counter[bytes] = Counter()
        self._shares: defaultdict[_Carried, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    @property
    def total(self) -> Control:
        return sum((Control(*sums) for sums in self._shares.values()), Control(0, 0, 0, 0))

    def put(self, lines: Iterable[Told]) -> None:
        """Store those of `lines` that no earlier file told of."""
        numbered = enumerate(lines, start=1)
        while chunk := list(islice(numbered, CHUNK)):
            if not self._put_all(chunk):
                self._store(list(self._new(chunk)))
        if self.total.count >= MANY:
            take_stock(self._tx, StatementLine.__tablename__)
        if self._statement.leg == SETTLEMENT:
            self._tx.add_all(self._told_shares())

    def _put_all(self, chunk: Sequence[tuple[int, Told]]) -> bool:
        """Store the whole chunk, unless one of its references is known."""
        if len({line.line_ref for _, line in chunk}) < len(chunk):
            return False
        connection = self._tx.connection()
        attempt = connection.begin_nested()
        try:
            self._store([(number, line, 1) for number, line in chunk])
        except connection.dialect.loaded_dbapi.IntegrityError:
            attempt.rollback()
            return False
        attempt.commit()
        return True

    def _store(self, new: Sequence[tuple[int, Told, int]]) -> None:
        own = self._statement
        place = {"statement_id": own.id, "account_id": own.account_id, "leg": own.leg}
        rows = (
            (
                next(self._ids), number, line.line_ref, occurrence, line.kind.value,
                line.order_code, line.rail_ref, line.event_at, business_day(line.event_at),
                line.gross, line.fee, line.net, line.currency, line.text, line.batch or None,
            )
            for number, line, occurrence in new
        )  # fmt: skip
        add_many(self._tx, StatementLine, _COLUMNS, rows, place)
        for _, line, _ in new:
            sums = self._shares[line.kind is LineKind.PAYOUT, line.batch or "", line.currency]
            sums[0] += 1
            sums[1] += line.gross
            sums[2] += line.fee
            sums[3] += line.net

    def _told_shares(self) -> Iterator[StatementShare]:
        for (is_payout, batch, currency), sums in self._shares.items():
            if not is_payout:
                place = {"statement_id": self._statement.id, "batch": batch, "currency": currency}
                figures = dict(zip(("count", "gross", "fee", "net"), sums, strict=True))
                yield StatementShare(**place, **figures)

    def _new(self, chunk: Sequence[tuple[int, Told]]) -> Iterator[tuple[int, Told, int]]:
        """(position, line, occurrence) of the lines to store."""
        known = self._known({line.line_ref for _, line in chunk})
        for number, line in chunk:
            same, content = known[line.line_ref], _digest(_told(line))
            if self._covered[content] < same.contents[content]:
                self._covered[content] += 1
                continue
            same.count += 1
            yield number, line, same.count

    def _known(self, references: set[str]) -> dict[str, _Known]:
        own = self._statement
        columns = [getattr(StatementLine, name) for name in _CONTENT]
        query = select(StatementLine.statement_id, *columns).where(
            StatementLine.account_id == own.account_id,
            StatementLine.leg == own.leg,
            StatementLine.line_ref.in_(sorted(references)),
        )
        known = {reference: _Known() for reference in references}
        for statement_id, *content in self._tx.execute(query):
            same = known[content[0]]
            same.count += 1
            if statement_id != own.id:
                same.contents[_digest(content)] += 1
        return known


#: The same of a line that is being told.
_told = attrgetter(*_CONTENT)


def _digest(content: Sequence[object]) -> bytes:
    """A key for a content that takes no more room in memory than it must: a file that repeats an
    earlier one has as many of them as lines."""
    plain = [part.astimezone(UTC) if isinstance(part, datetime) else part for part in content]
    return hashlib.blake2b(repr(list(map(str, plain))).encode(), digest_size=16).digest()
