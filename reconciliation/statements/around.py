"""Rows of a table that are no entries: totals, labels, notes, blanks. Nothing is skipped unseen: after a
total or a lone note no entry may follow, and a row that is none of these refuses the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from reconciliation.statements.amounts import Format
from reconciliation.statements.cells import Moment, Row, amount_of, moment_of, text_of
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import Begun, columns_of
from reconciliation.statements.labels import Labels, is_total
from reconciliation.statements.layout import Layout


@dataclass(slots=True)
class Around:
    """What stands around the entries of a table, gathered as its rows go by."""

    layout: Layout
    begun: Begun
    labels: Labels
    form: Format
    ended: bool = False
    #: role → the total and the line that says it.
    totals: dict[str, tuple[int, int]] = field(default_factory=dict)

    def entry(self, row: Row, figure: Callable[[Row, str], int | None]) -> Moment | None:
        """When `row` happened, if it is an entry; else it is taken in. `figure` reads an amount.
        Raises `Doubt` for a row that has no place where it stands."""
        moment = moment_of(row.cell(self.begun.columns["date"]), row.line, self.layout.dates)
        if self.ended and (moment or columns_of(row, self.layout)):
            raise Doubt("more entries after the end of the table", line=row.line)
        if moment:
            self._refuse_wide(row)
            self._refuse_across(row)
        elif is_total(row, self.layout.total_words):
            self._total(row, figure)
        elif not (row.blank or self.labels.gather(row) or self.ended):
            self._end_at_note(row)
        return moment

    def _refuse_wide(self, row: Row) -> None:
        width = self.begun.width
        if width is None or len(row.cells) <= width:
            return
        if any(text_of(cell) for cell in row.cells[width:]):
            raise Doubt(
                "more cells than the %(count)s of the header row", line=row.line, count=width
            )

    def _refuse_across(self, row: Row) -> None:
        """A cell over columns of which only the first is read is only a wide one."""
        for left, right in row.across:
            if any(left < place <= right for place in self.begun.columns.values()):
                cells = f"{get_column_letter(left + 1)}{row.line}:{get_column_letter(right + 1)}{row.line}"
                raise Doubt(
                    "the merged cell %(cells)s covers columns that are read; unmerge it and write"
                    " what belongs into each",
                    line=row.line, cells=cells,
                )  # fmt: skip

    def _total(self, row: Row, figure: Callable[[Row, str], int | None]) -> None:
        self.ended = True
        for role in ("debit", "credit", "amount", "balance", "fee", "fee_tax", "net"):
            total = figure(row, role) if role in self.begun.columns else None
            if total is not None:
                self.totals[role] = total, row.line

    def _end_at_note(self, row: Row) -> None:
        if sum(bool(text_of(cell)) for cell in row.cells) > 1:
            raise Doubt("neither an entry nor a total", line=row.line)
        self.ended = True

    def stated(self, label: str) -> int | None:
        """The amount behind a label, if the file has it."""
        if label not in self.labels.found:
            return None
        cell, line = self.labels.found[label]
        return amount_of(Row(line, (cell,)), 0, self.form)

    def refuse_other_totals(self, sums: dict[str, int]) -> None:
        """Raises `Doubt` where a totals row says another sum than `sums`, by role."""
        for role, (total, line) in self.totals.items():
            if role in sums and total != sums[role]:
                raise Doubt(
                    "the total of %(role)s is %(total)s, the entries make %(found)s",
                    line=line, role=role, total=total, found=sums[role],
                )  # fmt: skip
