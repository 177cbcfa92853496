"""A table of rows, from a text file or a workbook, read as a bank statement.

Preamble, header row, entries, then totals and notes. Nothing after the header is skipped unseen: a row is
an entry, a balance, a total or blank, and after a total or a lone note no entry may follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from payments.money import exponent
from reconciliation.statements.cells import Moment, Row, amount_of, moment_of, text_of
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import DEEPEST, Columns, columns_of, find_header
from reconciliation.statements.labels import Labels, account_number, is_total
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankEntry, BankStatement, Party, agreed, proved


def read_table(rows: Sequence[Row], layout: Layout) -> BankStatement:
    """The statement in `rows`. Raises `Doubt` when it cannot be believed as a whole."""
    header = find_header(rows, layout)
    if header is None:
        raise Doubt(
            "no header row among the first %(count)s rows: it needs a date, a narrative and either an "
            "amount or a debit and a credit",
            line=1, count=DEEPEST,
        )  # fmt: skip
    index, columns = header
    labels = Labels()
    for row in rows[:index]:
        labels.gather(row)
    account = agreed("account", account_number(layout.account), labels.account())
    currency = agreed("currency", layout.currency, labels.currency())
    exponent(currency)
    body = _Body(layout, columns, len(rows[index].cells), currency, labels)
    for row in rows[index + 1 :]:
        body.take(row)
    return body.statement(account, rows[-1].line)


@dataclass(slots=True)
class _Body:
    """The rows below the header, taken one by one."""

    layout: Layout
    columns: Columns
    width: int
    currency: str
    labels: Labels
    entries: list[BankEntry] = field(default_factory=list)
    ended: bool = False
    #: role → the total and the line that says it.
    totals: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, row: Row) -> None:
        """Raises `Doubt` for a row that has no place where it stands."""
        moment = moment_of(row.cell(self.columns["date"]), row.line)
        if self.ended and (moment or columns_of(row, self.layout)):
            raise Doubt("more entries after the end of the table", line=row.line)
        if moment:
            self.entries.append(self._entry(row, moment))
        elif is_total(row):
            self.ended = True
            self.totals.update((role, (total, row.line)) for role, total in self._figures(row))
        elif not (row.blank or self.labels.gather(row) or self.ended):
            self._end_at_note(row)

    def _end_at_note(self, row: Row) -> None:
        if sum(bool(text_of(cell)) for cell in row.cells) > 1:
            raise Doubt("neither an entry nor a total", line=row.line)
        self.ended = True

    def _entry(self, row: Row, moment: Moment) -> BankEntry:
        if any(text_of(cell) for cell in row.cells[self.width :]):
            raise Doubt(
                "more cells than the %(count)s of the header row", line=row.line, count=self.width
            )
        return BankEntry(
            reference=self._text(row, "reference") or moment.reference,
            booked_on=moment.day,
            booked_at=moment.at,
            amount=self._signed(row),
            narrative=self._text(row, "narrative"),
            balance=self._balance(row),
            counterparty=Party(
                *(self._text(row, f"counterparty_{part}") for part in ("name", "account", "bank"))
            ),
            line=row.line,
        )

    def _text(self, row: Row, role: str) -> str:
        return text_of(row.cell(self.columns.get(role)))

    def _amount(self, row: Row, role: str) -> int | None:
        cell = row.cell(self.columns.get(role))
        amount = amount_of(cell, self.currency, self.layout.decimal, row.line)
        minus = role == "debit" and self.layout.debit_sign == "-"
        return -amount if minus and amount else amount

    def _signed(self, row: Row) -> int:
        if "debit" not in self.columns or "credit" not in self.columns:
            return self._amount(row, "amount") or 0
        debit, credit = self._amount(row, "debit") or 0, self._amount(row, "credit") or 0
        if min(debit, credit) < 0 or bool(debit) == bool(credit):
            raise Doubt("an entry needs either a debit or a credit", line=row.line)
        return credit - debit

    def _balance(self, row: Row) -> int | None:
        balance = self._amount(row, "balance")
        if balance is None and "balance" in self.columns:
            raise Doubt("an entry without its balance", line=row.line)
        return balance

    def _figures(self, row: Row) -> Iterator[tuple[str, int]]:
        for role in ("debit", "credit", "amount", "balance"):
            total = self._amount(row, role)
            if total is not None:
                yield role, total

    def statement(self, account: str, last_line: int) -> BankStatement:
        """The whole, proved. Raises `Doubt`."""
        if self.layout.order == "newest_first":
            self.entries.reverse()
        self._refuse_wrong_totals()
        opening, closing = self._balances(last_line)
        since, until = self._period(last_line)
        entries = tuple(self.entries)
        found = BankStatement(account, self.currency, opening, closing, since, until, entries)
        return proved(found, last_line)

    def _refuse_wrong_totals(self) -> None:
        amounts = [entry.amount for entry in self.entries]
        sums = {
            "debit": -sum(amount for amount in amounts if amount < 0),
            "credit": sum(amount for amount in amounts if amount > 0),
            "amount": sum(amounts),
        }
        for role, (total, line) in self.totals.items():
            if role in sums and total != sums[role]:
                raise Doubt(
                    "the total of %(role)s is %(total)s, the entries make %(found)s",
                    line=line, role=role, total=total, found=sums[role],
                )  # fmt: skip

    def _balances(self, last_line: int) -> tuple[int, int]:
        """Opening and closing balance: stated, or else what the balance column begins and ends with."""
        opening, closing = self._stated("opening"), self._closing(last_line)
        if self.entries:
            first, last = self.entries[0], self.entries[-1]
            if opening is None and first.balance is not None:
                opening = first.balance - first.amount
            closing = last.balance if closing is None else closing
        else:
            # a day without entries begins as it ends
            opening = closing if opening is None else opening
            closing = opening if closing is None else closing
        if opening is None or closing is None:
            raise Doubt("opening and closing balance cannot be told", line=last_line)
        return opening, closing

    def _closing(self, last_line: int) -> int | None:
        """The closing balance the file states. Raises `Doubt` for a file that may have been cut off."""
        stated = self._stated("closing")
        if "balance" in self.totals:
            total, line = self.totals["balance"]
            if stated is not None and stated != total:
                raise Doubt(
                    "the total of %(role)s is %(total)s, the entries make %(found)s",
                    line=line, role="balance", total=total, found=stated,
                )  # fmt: skip
            return total
        if stated is None and not self.totals and self.layout.totals == "required":
            raise Doubt("no totals and no closing balance: the file may be cut off", line=last_line)
        return stated

    def _stated(self, label: str) -> int | None:
        if label not in self.labels.found:
            return None
        cell, line = self.labels.found[label]
        return amount_of(cell, self.currency, self.layout.decimal, line)

    def _period(self, last_line: int) -> tuple[date, date]:
        days = [entry.booked_on for entry in self.entries]
        since = self.labels.day("since") or min(days, default=None)
        until = self.labels.day("until") or max(days, default=None)
        if since is None or until is None:
            raise Doubt("neither a period nor an entry", line=last_line)
        return since, until
