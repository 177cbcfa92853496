"""A table read as a provider's settlement file, one line at a time, in the order of the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from payments.db import business_day
from payments.provider import Control, StatementLine
from reconciliation.statements.around import Around
from reconciliation.statements.cells import Row, amount_of, text_of
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import begin
from reconciliation.statements.labels import Labels
from reconciliation.statements.layout import Layout
from reconciliation.statements.meanings import IGNORED, Meanings
from reconciliation.statements.rows import agreed
from reconciliation.statements.settlement_rows import Expected, Rows


@dataclass(slots=True)
class Sums:
    """What the rows made so far. `printed` are the columns as they are printed, for the totals row;
    `kinds` count each meaning and add up its gross; `ignored` counts by the provider's word."""

    count: int = 0
    gross: int = 0
    fee: int = 0
    net: int = 0
    printed: Counter[str] = field(default_factory=Counter)
    kinds: dict[str, tuple[int, int]] = field(default_factory=dict)
    ignored: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, line: StatementLine) -> None:
        self.count, self.gross = self.count + 1, self.gross + line.gross
        self.fee, self.net = self.fee + line.fee, self.net + line.net
        count, gross = self.kinds.get(kind, (0, 0))
        self.kinds[kind] = count + 1, gross + line.gross

    @property
    def control(self) -> Control:
        return Control(self.count, self.gross, self.fee, self.net)


@dataclass(slots=True)
class SettlementTable:
    """A settlement file; read it with `lines`. `account` is what it says it is about. Once the last
    line was read, `since` and `until` are its days, `named` says that it names them itself, and
    `checked` are the totals that were compared."""

    layout: Layout
    rows: Rows
    around: Around
    account: str = ""
    sums: Sums = field(default_factory=Sums)
    checked: tuple[str, ...] = ()
    since: date = date.min
    until: date = date.min
    named: bool = False
    _meanings: Meanings = field(init=False)
    _names: set[str] = field(default_factory=set)
    #: business day → the first row of it.
    _days: dict[date, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._meanings = Meanings(self.layout)

    def lines(self) -> Iterator[tuple[int, StatementLine]]:
        """Each line with the row of the file it stands in. Raises `Doubt` at the first row that
        cannot be believed, or at the end, when the file is not whole."""
        last_line = 1
        for row in self.around.begun.rows:
            last_line = row.line
            told = self._line(row)
            if told is not None:
                yield row.line, told
        self._end(last_line)

    def _line(self, row: Row) -> StatementLine | None:
        moment = self.around.entry(row, self._figure)
        if moment is None:
            return None
        rows, figures = self.rows, self.rows.figures(row)
        words = rows.text(row, "status"), rows.text(row, "type")
        kind = self._meanings.of(*words, rows.signed(figures), row.line)
        told = None if kind == IGNORED else rows.told(row, moment, kind, figures)
        if told is not None or self.layout.totals_cover == "all":
            for role, figure in figures.items():
                self.sums.printed[role] += figure
        if told is None:
            self.sums.ignored[words[0] or words[1]] += 1
            return None
        self._note(row, kind, told)
        return told

    def day_of(self, line: StatementLine) -> date:
        """The business day of a line."""
        return business_day(line.event_at)

    def days(self, told: Iterable[date], today: date) -> Iterator[tuple[date, bool]]:
        """Every business day the file speaks for, oldest first, and whether it is then complete: those
        of its period that have begun, days without a line too (nothing happened in them), and the
        earlier ones of its late lines. `told` are the days of its lines."""
        span = (min(self.until, today) - self.since).days + 1
        period = (self.since + timedelta(days=n) for n in range(span))
        for day in sorted({*told, *period}):
            yield day, self.layout.whole == "yes" and self.since <= day < today

    def _note(self, row: Row, kind: str, told: StatementLine) -> None:
        self.sums.add(kind, told)
        self._days.setdefault(self.day_of(told), row.line)
        if "line" in self.rows.columns:
            if told.line_ref in self._names:
                raise Doubt("the line %(name)s stands twice", line=row.line, name=told.line_ref)
            self._names.add(told.line_ref)

    def _figure(self, row: Row, role: str) -> int | None:
        return amount_of(row, self.rows.columns.get(role), self.around.form)

    def refuse_another_account(self) -> None:
        """Raises `Doubt` when the rows around the table name another merchant's number."""
        labels, numbers = self.around.labels, self.rows.expected.numbers
        self.account = labels.account()
        if self.account and numbers and self.account not in numbers:
            raise Doubt(
                "the account is %(found)s, not %(expected)s",
                line=labels.found["account"][1], found=self.account,
                expected=", ".join(sorted(numbers)),
            )  # fmt: skip

    def _end(self, last_line: int) -> None:
        self.refuse_another_account()
        self.around.refuse_other_totals(dict(self.sums.printed))
        self._refuse_other_control(last_line)
        self._period(last_line)

    def _refuse_other_control(self, last_line: int) -> None:
        """Compares the totals that stand around the table. Raises `Doubt`."""
        control, labels = self.sums.control, self.around.labels
        seen = control.count
        if self.layout.totals_cover == "all":
            seen += self.sums.ignored.total()
        found = {"count": seen, "gross": control.gross, "fee": control.fee, "net": control.net}
        stated = {label: self._stated(label) for label in found if label in labels.found}
        for label, total in stated.items():
            if total is not None and total != found[label]:
                raise Doubt(
                    "the total of %(role)s is %(total)s, the entries make %(found)s",
                    line=labels.found[label][1], role=label, total=total, found=found[label],
                )  # fmt: skip
        self.checked = tuple(dict.fromkeys((*self.around.totals, *stated)))
        if not self.checked and self.layout.totals == "required":
            raise Doubt("no totals: the file may be cut off", line=last_line)

    def _stated(self, label: str) -> int | None:
        """The total behind a label; a count is of no currency."""
        if label != "count":
            return self.around.stated(label)
        cell, line = self.around.labels.found[label]
        digits = "".join(filter(str.isdigit, text_of(cell)))
        if not digits:
            raise Doubt("%(text)s is not a count", line=line, text=text_of(cell))
        return int(digits)

    def _period(self, last_line: int) -> None:
        """Which days the file is about. Raises `Doubt` for a row of another one."""
        labels = self.around.labels
        day = labels.day("day")
        since, until = labels.day("since") or day, labels.day("until") or day
        self.named = since is not None and until is not None
        if not self._days and not self.named:
            raise Doubt("neither a period nor an entry", line=last_line)
        self.since, self.until = since or min(self._days), until or max(self._days)
        first = self.since - timedelta(days=int(self.layout.late_days))
        for found, line in self._days.items():
            if not first <= found <= self.until:
                raise Doubt(
                    "an entry of %(day)s in a statement from %(since)s to %(until)s",
                    line=line, day=found, since=self.since, until=self.until,
                )  # fmt: skip
            if found > self.rows.expected.today:
                raise Doubt("an entry of %(day)s, which is still to come", line=line, day=found)


def read_settlement(rows: Iterable[Row], layout: Layout, expected: Expected) -> SettlementTable:
    """The settlement file in `rows`, as far as its header. Raises `Doubt`."""
    begun = begin(rows, layout)
    labels = Labels(layout.labels, layout.dates)
    for row in begun.above:
        labels.gather(row)
    currency = agreed("currency", layout.currency or expected.currency, labels.currency())
    form = layout.format(currency)
    found = SettlementTable(
        layout,
        Rows(layout, begun.columns, expected, currency),
        Around(layout, begun, labels, form),
    )
    found.refuse_another_account()
    return found
