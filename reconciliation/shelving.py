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
from itertools import islice, repeat
from operator import attrgetter
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.bulk import MANY, Ids, add_many, take_stock
from payments.db import business_day
from payments.provider import Control, LineKind
from payments.provider import StatementLine as Told
from reconciliation.models import SETTLEMENT, Statement, StatementLine
from reconciliation.payouts.models import StatementShare

#: Lines that are looked at together, column by column, and that go into the database together; SQLite
#: allows 32,766 parameters to ask for their references.
BATCH, CHUNK = 1_000, 10_000

#: Some lines of a file, in its order.
Batch = Sequence[Told]
#: The same with the position of each in the file, and its number among its like.
_Entries = tuple[Iterable[int], Batch, Iterable[int]]

_COLUMNS = (
    "position", "occurrence", "line_ref", "kind", "order_code", "rail_ref", "event_at", "book_day",
    "gross", "fee", "net", "currency", "text", "batch",
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
        self._tx, self._statement, self._ids = tx, statement, Ids().given(tx)
        self._covered: Counter[bytes] = Counter()
        self._shares: defaultdict[_Carried, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    @property
    def total(self) -> Control:
        return sum((Control(*sums) for sums in self._shares.values()), Control(0, 0, 0, 0))

    def put(self, batches: Iterable[Batch]) -> None:
        """Store those of the lines in `batches`, which can be gone through again and again, that no
        earlier file told of. They are read while the database takes them in."""
        if not self._put_all(batches):
            waiting = _numbered(batches)
            while chunk := list(islice(waiting, CHUNK // BATCH)):
                self._put_new(chunk)
        if self.total.count >= MANY:
            take_stock(self._tx, StatementLine.__tablename__)
        if self._statement.leg == SETTLEMENT:
            self._tx.add_all(self._told_shares())

    def _put_all(self, batches: Iterable[Batch]) -> bool:
        """Store all lines, unless one of their references is known or stands twice."""
        connection = self._tx.connection()
        try:
            # one for the whole file: SQLite copies every page that it touches again in another
            with connection.begin_nested():
                self._store(_numbered(batches))
        except connection.dialect.loaded_dbapi.IntegrityError:
            self._shares.clear()
            return False
        return True

    def _put_new(self, chunk: Sequence[_Entries]) -> None:
        found = list(self._new(chunk))
        if found:
            numbers, lines, occurrences = zip(*found, strict=True)
            self._store([(numbers, lines, occurrences)])

    def _store(self, new: Iterable[_Entries]) -> None:
        own = self._statement
        place = {"statement_id": own.id, "account_id": own.account_id, "leg": own.leg}
        rows = (row for entries in new for row in self._rows(*entries))
        add_many(self._tx, StatementLine, _COLUMNS, rows, place, self._ids)

    def _rows(
        self, numbers: Iterable[int], lines: Batch, occurrences: Iterable[int]
    ) -> Iterator[Any]:
        """The values of `_COLUMNS`, put together from columns; the lines are counted."""
        refs, kinds, codes, rails, instants, *amounts, currencies, texts, payouts = zip(
            *lines, strict=True
        )
        self._count(lines)
        days, named = map(business_day, instants), (name or None for name in payouts)
        return zip(
            numbers, occurrences, refs, map(str, kinds), codes, rails, instants, days, *amounts,
            currencies, texts, named, strict=False,
        )  # fmt: skip

    def _count(self, lines: Batch) -> None:
        for line in lines:
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

    def _new(self, chunk: Sequence[_Entries]) -> Iterator[tuple[int, Told, int]]:
        """(position, line, number among its like) of the lines to store."""
        known = self._known({line.line_ref for _, lines, _ in chunk for line in lines})
        for numbers, lines, _ in chunk:
            for number, line in zip(numbers, lines, strict=True):
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


def _numbered(batches: Iterable[Batch]) -> Iterator[_Entries]:
    """The batches as if each line were the first of its like."""
    position = 1
    for batch in batches:
        yield range(position, position + len(batch)), batch, repeat(1)
        position += len(batch)


#: The same of a line that is being told.
_told = attrgetter(*_CONTENT)


def _digest(content: Sequence[object]) -> bytes:
    """A key for a content that takes no more room in memory than it must: a file that repeats an
    earlier one has as many of them as lines."""
    plain = [part.astimezone(UTC) if isinstance(part, datetime) else part for part in content]
    return hashlib.blake2b(repr(list(map(str, plain))).encode(), digest_size=16).digest()
