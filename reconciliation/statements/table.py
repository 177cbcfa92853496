"""A table of rows, from a text file or a workbook, read as a bank statement.

Preamble, header row, entries, then totals and notes. Nothing after the header is skipped unseen: a row is
an entry, a balance, a total or blank, and after a total or a lone note no entry may follow.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from payments.money import exponent
from reconciliation.statements.amounts import Format
from reconciliation.statements.around import Around
from reconciliation.statements.cells import Moment, Row, amount_of, text_of
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import Columns, begin
from reconciliation.statements.labels import Labels, account_number
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankEntry, BankStatement, Party, agreed, proved


def read_table(rows: Iterable[Row], layout: Layout) -> BankStatement:
    """The statement in `rows`. Raises `Doubt` when it cannot be believed as a whole."""
    begun = begin(rows, layout)
    labels = Labels(layout.labels, layout.dates)
    for row in begun.above:
        labels.gather(row)
    account = agreed("account", account_number(layout.account), labels.account())
    currency = agreed("currency", layout.currency, labels.currency())
    exponent(currency)
    form = layout.format(currency)
    body = _Body(layout, begun.columns, form, Around(layout, begun, labels, form))
    last_line = 1
    for row in begun.rows:
        body.take(row)
        last_line = row.line
    return body.statement(account, last_line)


@dataclass(slots=True)
class _Body:
    """The rows below the header, taken one by one."""

    layout: Layout
    columns: Columns
    form: Format
    around: Around
    entries: list[BankEntry] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """Raises `Doubt` for a row that has no place where it stands."""
        moment = self.around.entry(row, self._amount)
        if moment:
            self.entries.append(self._entry(row, moment))

    def _entry(self, row: Row, moment: Moment) -> BankEntry:
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
        amount = amount_of(row, self.columns.get(role), self.form)
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

    def statement(self, account: str, last_line: int) -> BankStatement:
        """The whole, proved. Raises `Doubt`."""
        if self.layout.order == "newest_first":
            self.entries.reverse()
        self._refuse_wrong_totals()
        opening, closing = self._balances(last_line)
        since, until = self._period(last_line)
        entries = tuple(self.entries)
        currency = self.form.currency
        found = BankStatement(account, currency, opening, closing, since, until, entries)
        return proved(found, last_line)

    def _refuse_wrong_totals(self) -> None:
        amounts = [entry.amount for entry in self.entries]
        debit = -sum(amount for amount in amounts if amount < 0)
        credit = sum(amount for amount in amounts if amount > 0)
        self.around.refuse_other_totals(
            {"debit": debit, "credit": credit, "amount": credit - debit}
        )

    def _balances(self, last_line: int) -> tuple[int, int]:
        """Opening and closing balance: stated, or else what the balance column begins and ends with."""
        opening, closing = self.around.stated("opening"), self._closing(last_line)
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
        stated = self.around.stated("closing")
        if "balance" in self.around.totals:
            total, line = self.around.totals["balance"]
            if stated is not None and stated != total:
                raise Doubt(
                    "the total of %(role)s is %(total)s, the entries make %(found)s",
                    line=line, role="balance", total=total, found=stated,
                )  # fmt: skip
            return total
        if stated is None and not self.around.totals and self.layout.totals == "required":
            raise Doubt("no totals and no closing balance: the file may be cut off", line=last_line)
        return stated

    def _period(self, last_line: int) -> tuple[date, date]:
        days = [entry.booked_on for entry in self.entries]
        since = self.around.labels.day("since") or min(days, default=None)
        until = self.around.labels.day("until") or max(days, default=None)
        if since is None or until is None:
            raise Doubt("neither a period nor an entry", line=last_line)
        return since, until
