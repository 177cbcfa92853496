"""Pure: a provider's settlement file of several days as one statement file for each business day.

The bytes of a part say which file it is a day of, and in which row of it each of its lines stands,
so that a line can be followed back to where it was read.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import date

from payments.provider import Control, StatementFile, StatementLine
from reconciliation.statements import SettlementFile
from reconciliation.uploads.models import Upload

Numbered = tuple[int, StatementLine]


@dataclass(frozen=True, slots=True)
class Part:
    """One business day of a settlement file, and how many lines of each kind it has."""

    file: StatementFile
    tally: Counter[str]


def settled_parts(upload: Upload, file: SettlementFile, today: date) -> list[Part]:
    """A part for every day the file speaks for. Raises `InvalidStatement`."""
    by_day: dict[date, list[Numbered]] = {}
    for row, line in file.lines():
        by_day.setdefault(file.table.day_of(line), []).append((row, line))
    return [
        _part(upload, file, day, by_day.get(day, []), complete=complete)
        for day, complete in file.table.days(by_day, today)
    ]


def _part(
    upload: Upload, whole: SettlementFile, day: date, numbered: list[Numbered], *, complete: bool
) -> Part:
    lines = tuple(line for _, line in numbered)
    content = {
        "file": upload.name,
        "sha256": upload.sha256,
        "mapping": str(upload.mapping_id),
        "day": day.isoformat(),
        "complete": complete,
        "rows": [row for row, _ in numbered],
    }
    raw = json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
    name = f"{upload.name} · {day:%d/%m/%Y}"
    by_payout = whole.table.layout.payouts == "day"
    file = StatementFile(name, day, complete, lines, Control.over(lines), raw, by_payout)
    return Part(file, Counter(line.kind.value for line in lines))
