"""The sandbox's settlement and bank files: one format, believed whole or not at all.

A head line, column names, one row for each line, and a tail with count, totals and the SHA-256 of
everything before it. The tail is read first: it is what a file that was cut off lacks.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import islice, pairwise

from payments.errors import Complaint
from payments.money import exponent
from payments.provider import Control, InvalidStatement, LineKind, StatementFile, StatementLine

COLUMNS = [
    "line_ref", "kind", "order", "rail_ref", "event_at", "gross", "fee", "net", "currency", "text",
]  # fmt: skip
KINDS = {kind.value: kind for kind in LineKind}
VERSION = "1"
WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")
Refusal = Callable[[int, str], InvalidStatement]


def parse_file(kind: str, merchant: str, day: date, raw: bytes) -> StatementFile:
    """The file of `kind` (``sandbox-settlement`` or ``sandbox-bank``) of `day`; its lines are read
    whenever they are gone through.

    Raises `InvalidStatement`, naming line and reason, for a file that was cut off or altered or is
    about another merchant or day. So do its `lines` for one that they do not explain, or when the
    totals are not theirs.
    """
    name = f"{kind}-{merchant}-{day.isoformat()}.csv"

    def refuse(line: int, reason: str) -> InvalidStatement:
        return InvalidStatement(
            "%(file)s, line %(line)s: %(reason)s. The whole file is refused.",
            file=name, line=line, reason=reason,
        )  # fmt: skip

    control = _frame(raw, refuse)
    complete = _head(_rows(raw, refuse), [kind, merchant, day.isoformat()], refuse)
    return StatementFile(name, day, complete, _Lines(raw, control, refuse), control, raw)


class _Lines:
    """The lines of the file `raw`, read anew each time."""

    def __init__(self, raw: bytes, control: Control, refuse: Refusal) -> None:
        self._raw, self._control, self._refuse = raw, control, refuse

    def __iter__(self) -> Iterator[StatementLine]:
        rows = islice(_rows(self._raw, self._refuse), 2, None)
        count = gross = fee = net = 0
        for line in _lines(rows, self._refuse):
            count, gross, fee, net = count + 1, gross + line.gross, fee + line.fee, net + line.net
            yield line
        if self._control != Control(count, gross, fee, net):
            raise self._refuse(count + 3, "the totals are not those of the lines")


def _frame(raw: bytes, refuse: Refusal) -> Control:
    """What the tail says of everything before it."""
    end = raw.rfind(b"\n", 0, -1) + 1
    before, tail = memoryview(raw)[:end], raw[end:]
    parts = tail.decode("ascii", "replace").rstrip("\n").split(",")
    framed = tail.endswith(b"\n") and len(parts) == 6 and parts[0] == "T"
    number = raw.count(b"\n", 0, end) + 1
    if not (framed and all(WHOLE.fullmatch(part) for part in parts[1:5])):
        raise refuse(number, "the closing line is missing, the file was cut off")
    if parts[5] != hashlib.sha256(before).hexdigest():
        raise refuse(number, "the checksum is another, the file was altered")
    count, gross, fee, net = (int(part) for part in parts[1:5])
    return Control(count, gross, fee, net)


def _rows(raw: bytes, refuse: Refusal) -> Iterator[list[str]]:
    """The rows before the tail; the text is never in memory as a whole."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", newline="")
    reader = csv.reader((line for line, _ in pairwise(text)), strict=True)
    try:
        yield from reader
    except UnicodeDecodeError:
        raise refuse(_undecodable(raw), "not UTF-8") from None
    except csv.Error as error:
        raise refuse(reader.line_num, str(error)) from None


def _undecodable(raw: bytes) -> int:
    """The number of the first line that is not UTF-8."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return raw.count(b"\n", 0, error.start) + 1
    return 1


def _head(rows: Iterator[list[str]], about: Sequence[str], refuse: Refusal) -> bool:
    """Whether the file says it is complete."""
    head = next(rows, [])
    if len(head) != 7 or head[:2] != ["H", VERSION]:
        raise refuse(1, f"not the head of a file of version {VERSION}")
    if head[2:5] != list(about):
        raise refuse(1, f"about {', '.join(head[2:5])} instead of {', '.join(about)}")
    if head[6] not in ("complete", "partial"):
        raise refuse(1, "neither complete nor partial")
    if next(rows, None) != COLUMNS:
        raise refuse(2, f"the columns must be {', '.join(COLUMNS)}")
    return head[6] == "complete"


def _lines(rows: Iterable[list[str]], refuse: Refusal) -> Iterator[StatementLine]:
    seen: set[str] = set()
    for number, row in enumerate(rows, start=3):
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
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}")
    instant = datetime.fromisoformat(event_at)
    if not line_ref or instant.tzinfo is None:
        raise ValueError("a line needs a reference and a time with its offset")
    exponent(currency)
    amounts = _whole(gross), _whole(fee), _whole(net)
    if amounts[0] - amounts[1] != amounts[2]:
        raise ValueError(f"gross {gross} less fee {fee} is not net {net}")
    return StatementLine(
        line_ref, KINDS[kind], order or None, rail_ref or None, instant, *amounts, currency, text
    )


# a city's prices are few, and each stands in its file a hundred thousand times
@lru_cache(maxsize=4096)
def _whole(text: str) -> int:
    if not WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a whole amount")
    return int(text)
