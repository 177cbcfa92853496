"""Pure: a bank statement of several days as one statement file for each business day.

The bytes of a part are its content, written the same way whichever format it came in, so the same
day in another format is the same part.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from payments.provider import Control, StatementFile, StatementLine
from reconciliation.statements import BankStatement
from reconciliation.uploads.meaning import Row

DAY = timedelta(days=1)


def parts_of(
    name: str, statement: BankStatement, rows: Sequence[Row], today: date, *, whole: bool
) -> Iterator[StatementFile]:
    """A file for every day of the statement's period until `today`, days without an entry too:
    nothing happened in them. A day is complete once it is over, and when `whole`: the statement is
    that of the account all money ends up in."""
    by_day, day = rows_by_day(rows), statement.since
    while day <= min(statement.until, today):
        yield _part(name, statement, day, by_day.get(day, []), complete=whole and day < today)
        day += DAY


def rows_by_day(rows: Sequence[Row]) -> dict[date, list[Row]]:
    """The rows of each day that has any, in the order of that day's lines."""
    found: dict[date, list[Row]] = {}
    for row in rows:
        found.setdefault(row.entry.booked_on, []).append(row)
    return found


def _part(
    name: str, statement: BankStatement, day: date, rows: Sequence[Row], *, complete: bool
) -> StatementFile:
    lines = tuple(row.line() for row in rows)
    content = {
        "account": statement.account,
        "currency": statement.currency,
        "day": day.isoformat(),
        "complete": complete,
        "lines": [_words(line) for line in lines],
    }
    raw = json.dumps(content, ensure_ascii=False, sort_keys=True, indent=0).encode()
    return StatementFile(f"{name} · {day:%d/%m/%Y}", day, complete, lines, Control.over(lines), raw)


def _words(line: StatementLine) -> list[str | int | None]:
    return [line.line_ref, line.kind.value, line.rail_ref, line.gross, line.text]
