"""Text files with separated values, as internet banking exports them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from reconciliation.statements.cells import Row
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import DEEPEST, find_header
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankStatement
from reconciliation.statements.table import read_table

_DELIMITERS = (",", ";", "\t")


def read_csv(text: str, layout: Layout) -> BankStatement:
    """The statement in a CSV file. Raises `Doubt`, also for quotes that are opened and never closed."""
    delimiter = layout.delimiter or _delimiter(text, layout)
    return read_table(list(_rows(text, delimiter)), layout)


def _delimiter(text: str, layout: Layout) -> str:
    """The one with which a header row is found; a comma, whose reading will say so, when none is."""
    for delimiter in _DELIMITERS:
        try:
            found = find_header(list(islice(_rows(text, delimiter), DEEPEST)), layout)
        except Doubt:
            # wrong quotes under the wrong delimiter; under the right one they are found again below
            continue
        if found:
            return delimiter
    return _DELIMITERS[0]


def _rows(text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line, tuple(cells))
            line = reader.line_num + 1
    except csv.Error as error:
        raise Doubt(
            "the cells cannot be told apart: %(reason)s", line=reader.line_num, reason=error
        ) from None
