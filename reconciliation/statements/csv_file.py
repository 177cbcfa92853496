"""Text files with separated values, as internet banking and providers' portals export them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice

from reconciliation.statements.cells import Row
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import DEEPEST, begin
from reconciliation.statements.layout import CHOICES, Layout
from reconciliation.statements.texts import lines_of

#: What the reader of the standard library says when a file ends inside quotation marks.
NEVER_CLOSED = "unexpected end of data"


def csv_rows(raw: bytes, layout: Layout) -> Iterator[Row]:
    """The rows of a CSV file, as they are asked for. Raises `Doubt`, also for quotes that are opened
    and never closed."""
    delimiter = layout.delimiter or _delimiter(raw, layout)
    return _rows(lines_of(raw, layout.encoding), delimiter)


def _delimiter(raw: bytes, layout: Layout) -> str:
    """The one with which a table begins; a comma, whose reading will say so, when none does."""
    for delimiter in CHOICES["delimiter"]:
        try:
            begin(islice(_rows(lines_of(raw, layout.encoding), delimiter), DEEPEST), layout)
        except Doubt:
            # wrong quotes under the wrong delimiter; under the right one they are found again below
            continue
        return delimiter
    return CHOICES["delimiter"][0]


def _rows(text: Iterable[str], delimiter: str) -> Iterator[Row]:
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield Row(line, tuple(cells))
            line = reader.line_num + 1
    except csv.Error as error:
        if str(error) == NEVER_CLOSED:
            raise Doubt(
                "a quotation mark is opened and never closed, or the file was cut off",
                line=reader.line_num,
            ) from None
        raise Doubt(
            "the cells cannot be told apart: a quotation mark within a text must be doubled, after a"
            " closing one comes a separator, and no cell has more than %(most)s letters; correct this"
            " line or export the file again",
            line=reader.line_num, most=csv.field_size_limit(),
        ) from None  # fmt: skip
