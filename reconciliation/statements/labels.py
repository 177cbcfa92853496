"""What the rows around a table say of it: account, currency, period, balances."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from payments.narratives import plain
from reconciliation.statements.cells import Cell, Row, folded, moment_of, text_of
from reconciliation.statements.dates import Dates
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import names_of
from reconciliation.statements.vocabulary import Words

_DATES = re.compile(r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}|\d{4}-\d\d-\d\d")


def is_total(row: Row, words: frozenset[str]) -> bool:
    """Whether a row says, in one of `words`, that it is the sum of the others."""
    return any(names_of(cell) & words for cell in row.cells)


@dataclass(slots=True)
class Labels:
    """Label → what stands behind it, and in which line; gathered row by row. `words` are what
    each label is called."""

    words: Words
    dates: Dates
    found: dict[str, tuple[Cell, int]] = field(default_factory=dict)

    def gather(self, row: Row) -> bool:
        """Take what `row` says; False when it says nothing. Raises `Doubt` where it says otherwise
        than an earlier row: two statements in one file."""
        pairs = list(self._pairs(row))
        for label, value in pairs:
            standing, line = self.found.setdefault(label, (value, row.line))
            if text_of(standing) != text_of(value):
                raise Doubt(
                    "the %(label)s %(value)s, but line %(other)s says %(standing)s",
                    line=row.line, label=label, value=text_of(value), other=line,
                    standing=text_of(standing),
                )  # fmt: skip
        return bool(pairs)

    def text(self, label: str) -> str:
        return text_of(self.found[label][0]) if label in self.found else ""

    def account(self) -> str:
        """The account number alone, without its separators and the name behind it."""
        return account_number(re.split(r"\s-\s|\(", self.text("account"))[0])

    def currency(self) -> str:
        return plain(self.text("currency")).upper()

    def day(self, label: str) -> date | None:
        """The day behind `label`. Raises `Doubt` when something else stands there."""
        if label not in self.found:
            return None
        value, line = self.found[label]
        moment = moment_of(value, line, Dates()) or moment_of(value, line, self.dates)
        if moment is None:
            raise Doubt("%(text)s is not a date", line=line, text=text_of(value))
        return moment.day

    def _pairs(self, row: Row) -> Iterable[tuple[str, Cell]]:
        for place, cell in enumerate(row.cells):
            text = text_of(cell)
            if (
                folded(text).startswith(("tu ngay", "from"))
                and len(days := _DATES.findall(text)) == 2
            ):
                yield from zip(("since", "until"), days, strict=True)
            name, colon, behind = text.partition(":")
            labels = [label for label, names in self.words.items() if names_of(name) & names]
            said = behind.strip() if colon else ""
            if labels and (value := said or _next(row, place)):
                yield labels[0], value


def account_number(text: str) -> str:
    """An account number as it is compared: its letters and digits."""
    return re.sub(r"[^0-9A-Za-z]", "", text).upper()


def _next(row: Row, place: int) -> Cell:
    return next((cell for cell in row.cells[place + 1 :] if text_of(cell)), "")
