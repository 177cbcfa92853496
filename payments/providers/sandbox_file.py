"""The sandbox's settlement and bank files: one format, believed whole or not at all.

A head line, column names, one row for each line, and a tail with count, totals and the SHA-256 of
everything before it. The tail is read first: it is what a file that was cut off lacks.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from payments.errors import Complaint
from payments.money import exponent
from payments.provider import Control, InvalidStatement, LineKind, StatementFile, StatementLine

COLUMNS = [
    "line_ref", "kind", "order", "rail_ref", "event_at", "gross", "fee", "net", "currency", "text",
]  # fmt: skip
VERSION = "1"
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
Refusal = Callable[[int, str], InvalidStatement]


def parse_file(kind: str, merchant: str, day: date, raw: bytes) -> StatementFile:
    """Read the file of `kind` (``sandbox-settlement`` or ``sandbox-bank``) of `day`.

    Raises `InvalidStatement`, naming line and reason, for a file that was cut off or altered, is
    about another merchant or day, has a line it does not explain, or totals its lines do not give.
    """
    name = f"{kind}-{merchant}-{day.isoformat()}.csv"

    def refuse(line: int, reason: str) -> InvalidStatement:
        return InvalidStatement(
            "%(file)s, line %(line)s: %(reason)s. The whole file is refused.",
            file=name, line=line, reason=reason,
        )  # fmt: skip

    before, control = _frame(raw, refuse)
    rows = _rows(before, refuse)
    complete = _head(rows, [kind, merchant, day.isoformat()], refuse)
    lines = tuple(_lines(rows, refuse))
    if control != Control.over(lines):
        raise refuse(len(lines) + 3, "the totals are not those of the lines")
    return StatementFile(name, day, complete, lines, control, raw)


def _frame(raw: bytes, refuse: Refusal) -> tuple[bytes, Control]:
    """Everything before the tail, and what the tail says of it."""
    start = raw.rfind(b"\n", 0, -1) + 1
    before, tail = raw[:start], raw[start:]
    number = before.count(b"\n") + 1
    parts = tail.decode("ascii", "replace").rstrip("\n").split(",")
    framed = tail.endswith(b"\n") and len(parts) == 6 and parts[0] == "T"
    if not (framed and all(WHOLE.fullmatch(part) for part in parts[1:5])):
        raise refuse(number, "the closing line is missing, the file was cut off")
    if parts[5] != hashlib.sha256(before).hexdigest():
        raise refuse(number, "the checksum is another, the file was altered")
    count, gross, fee, net = (int(part) for part in parts[1:5])
    return before, Control(count, gross, fee, net)


def _rows(before: bytes, refuse: Refusal) -> list[list[str]]:
    try:
        text = before.decode()
    except UnicodeDecodeError as error:
        raise refuse(before.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise refuse(reader.line_num, str(error)) from None


def _head(rows: Sequence[list[str]], about: Sequence[str], refuse: Refusal) -> bool:
    """Whether the file says it is complete."""
    head = rows[0] if rows else []
    if len(head) != 7 or head[:2] != ["H", VERSION]:
        raise refuse(1, f"not the head of a file of version {VERSION}")
    if head[2:5] != list(about):
        raise refuse(1, f"about {', '.join(head[2:5])} instead of {', '.join(about)}")
    if head[6] not in ("complete", "partial"):
        raise refuse(1, "neither complete nor partial")
    if rows[1:2] != [COLUMNS]:
        raise refuse(2, f"the columns must be {', '.join(COLUMNS)}")
    return head[6] == "complete"


def _lines(rows: Sequence[list[str]], refuse: Refusal) -> Iterator[StatementLine]:
    seen: set[str] = set()
    for number, row in enumerate(rows[2:], start=3):
        try:
            line = _line(row)
        except (ValueError, Complaint) as reason:
            raise refuse(number, str(reason)) from None
        if line.line_ref in seen:
            raise refuse(number, f"line reference {line.line_ref} stands twice")
        seen.add(line.line_ref)
        yield line


def _line(row: Sequence[str]) -> StatementLine:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} columns instead of {len(COLUMNS)}")
    line_ref, kind, order, rail_ref, event_at, gross, fee, net, currency, text = row
    if kind not in list(LineKind):
        raise ValueError(f"unknown kind {kind!r}")
    instant = datetime.fromisoformat(event_at)
    if not line_ref or instant.tzinfo is None:
        raise ValueError("a line needs a reference and a time with its offset")
    exponent(currency)
    if _whole(gross) - _whole(fee) != _whole(net):
        raise ValueError(f"gross {gross} less fee {fee} is not net {net}")
    return StatementLine(
        line_ref=line_ref,
        kind=LineKind(kind),
        order_code=order or None,
        rail_ref=rail_ref or None,
        event_at=instant,
        gross=int(gross),
        fee=int(fee),
        net=int(net),
        currency=currency,
        text=text,
    )


def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole amount")
    return int(text)
