"""One file format for both files: comma-separated, UTF-8, line feeds, one head and one tail.

    H,1,sandbox-settlement,<merchant>,<day>,<made at>,complete
    line_ref,kind,order,rail_ref,event_at,gross,fee,net,currency,text
    …one line for each motion…
    T,<count>,<gross>,<fee>,<net>,<SHA-256 of all bytes before this line>

Amounts are signed whole dong, towards the merchant; ``net = gross - fee``. A file whose tail is
missing, or does not agree with what stands before it, was cut off or altered.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from payments.db import CITY_ZONE
from payments.sandbox.orders import CURRENCY

VERSION = 1
COLUMNS = (
    "line_ref", "kind", "order", "rail_ref", "event_at", "gross", "fee", "net", "currency", "text",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file; amounts as in the module's own words."""

    line_ref: str
    kind: str
    order: str
    rail_ref: str
    event_at: datetime
    gross: int
    fee: int
    text: str

    @property
    def net(self) -> int:
        return self.gross - self.fee

    def row(self) -> tuple[object, ...]:
        """The columns in their order, the instant in the city's own time."""
        event_at = self.event_at.astimezone(CITY_ZONE).isoformat()
        return (
            self.line_ref, self.kind, self.order, self.rail_ref, event_at,
            self.gross, self.fee, self.net, CURRENCY, self.text,
        )  # fmt: skip


def render(name: str, merchant: str, day: date, made_at: datetime, lines: Sequence[Line]) -> bytes:
    """The file's bytes."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    made = made_at.astimezone(CITY_ZONE).isoformat(timespec="seconds")
    out.writerow(("H", VERSION, name, merchant, day.isoformat(), made, "complete"))
    out.writerow(COLUMNS)
    out.writerows(line.row() for line in lines)
    before = text.getvalue().encode()
    totals = [sum(getattr(line, part) for line in lines) for part in ("gross", "fee", "net")]
    tail = ("T", len(lines), *totals, hashlib.sha256(before).hexdigest())
    return before + ",".join(map(str, tail)).encode() + b"\n"
