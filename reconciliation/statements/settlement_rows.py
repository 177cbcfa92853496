"""One row of a provider's table as a line to compare with ours.

Money that leaves has a negative gross. A row that is only a fee has no gross, so that the fee is
booked once. Where another currency is settled than was paid, the line is what the payer paid, without
a fee (fees are taken in the other currency), and a row that has no payer is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal

from payments.codes import ALPHABET, LENGTH, PREFIX
from payments.money import exponent, format_amount
from payments.narratives import codes_in
from payments.provider import StatementLine
from reconciliation.statements.amounts import Format
from reconciliation.statements.cells import Moment, Row, amount_of, text_of
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.headings import Columns
from reconciliation.statements.labels import account_number
from reconciliation.statements.layout import Layout
from reconciliation.statements.meanings import FEE, KINDS, REFUND

NOON = time(12)
_CODE = re.compile(f"{PREFIX}[{ALPHABET}]{{{LENGTH + 1}}}")
PRINTED = ("amount", "debit", "credit", "fee", "fee_tax", "net")
Figures = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a file must be about: the merchant's numbers at the provider (none: nobody knows), the
    account's currency, and the business day it is read on."""

    numbers: frozenset[str]
    currency: str
    today: date


@dataclass(slots=True)
class Rows:
    """Reads rows of one table. `currency` is the file's where a row names none."""

    layout: Layout
    columns: Columns
    expected: Expected
    currency: str
    printed: tuple[str, ...] = ()
    _forms: dict[str, Format] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.printed = tuple(role for role in PRINTED if role in self.columns)

    def text(self, row: Row, role: str) -> str:
        """What stands in the column of `role`; nothing where there is none."""
        place = self.columns.get(role)
        return "" if place is None else text_of(row.cell(place))

    def figures(self, row: Row) -> Figures:
        """The amounts of a row as they are printed, by role; an empty cell is nothing."""
        form = self._form(self.text(row, "currency"))
        return {role: amount_of(row, self.columns[role], form) or 0 for role in self.printed}

    def signed(self, figures: Figures) -> int:
        """The one amount of a row, with the sign it is printed with."""
        if "debit" not in figures or "credit" not in figures:
            return figures.get("amount", 0)
        debit = -figures["debit"] if self.layout.debit_sign == "-" else figures["debit"]
        return figures["credit"] - debit

    def _form(self, said: str) -> Format:
        currency = said.upper() or self.currency
        if currency not in self._forms:
            exponent(currency)
            self._forms[currency] = self.layout.format(currency)
        return self._forms[currency]

    def told(self, row: Row, moment: Moment, kind: str, figures: Figures) -> StatementLine | None:
        """The line of a row that is a `kind`; None for one that only moved money of another
        currency. Raises `Doubt` for what does not add up or is about somebody else."""
        self._refuse_another_merchant(row)
        settled = self._form(self.text(row, "currency")).currency
        gross, fee = self._amounts(row, kind, figures)
        words = self.text(row, "narrative")
        if settled != self.expected.currency:
            paid = self._paid(row, settled, leaves=gross < 0 or kind == REFUND)
            if paid is None:
                return None
            words = f"settled {format_amount(gross, settled, 'en')}, fee {format_amount(fee, settled, 'en')}"
            gross, fee = paid, 0
        rail, order = self.text(row, "transaction") or None, self._order(row)
        return StatementLine(
            line_ref=self._line_ref(row, kind, rail or order),
            kind=KINDS[kind][0],
            order_code=order,
            rail_ref=rail,
            event_at=moment.at or datetime.combine(moment.day, NOON, self.layout.dates.zone),
            gross=gross,
            fee=fee,
            net=gross - fee,
            currency=self.expected.currency,
            text=words,
            # told to be in none is not the same as not told
            batch=self.text(row, "batch") if "batch" in self.columns else None,
        )

    def _refuse_another_merchant(self, row: Row) -> None:
        found = self.text(row, "account")
        numbers = self.expected.numbers
        if found and numbers and account_number(found) not in numbers:
            raise Doubt(
                "the account is %(found)s, not %(expected)s",
                line=row.line, found=found, expected=", ".join(sorted(numbers)),
            )  # fmt: skip

    def _paid(self, row: Row, settled: str, *, leaves: bool) -> int | None:
        """What the payer paid, in our currency. Raises `Doubt` where the file is in another one."""
        if "paid_amount" not in self.columns:
            raise Doubt(
                "the currency is %(found)s, not %(expected)s",
                line=row.line, found=settled, expected=self.expected.currency,
            )  # fmt: skip
        if self.text(row, "paid_currency").upper() != self.expected.currency:
            return None
        form = self._form(self.expected.currency)
        paid = amount_of(row, self.columns["paid_amount"], form)
        return None if paid is None else -abs(paid) if leaves else abs(paid)

    def _amounts(self, row: Row, kind: str, figures: Figures) -> tuple[int, int]:
        """Gross and fee of a row, signed towards us; checked against its net, if it has one."""
        fee = figures.get("fee", 0) + figures.get("fee_tax", 0)
        fee = -fee if self.layout.fee_sign == "-" else fee
        gross, net = self._towards_us(row, kind, self.signed(figures)), figures.get("net")
        if net is not None and self.layout.sign == "by_status":
            net = -abs(net) if KINDS[kind][1] or kind in (FEE, "payout") else abs(net)
        if net is not None and "fee" not in figures:
            fee = gross - net
        if net is not None and gross - fee != net:
            places = exponent(self._form(self.text(row, "currency")).currency)
            printed = (Decimal(one).scaleb(-places) for one in (gross, fee, net))
            said = dict(zip(("gross", "fee", "net"), printed, strict=True))
            raise Doubt("%(gross)s less %(fee)s is not %(net)s", line=row.line, **said)
        if kind == FEE:
            gross, fee = 0, fee - gross
        if not gross and not fee:
            raise Doubt("an entry without an amount", line=row.line)
        return gross, fee

    def _towards_us(self, row: Row, kind: str, amount: int) -> int:
        """`amount` with the sign its kind has. Raises `Doubt` where the file says the other way."""
        leaves = KINDS[kind][1]
        if self.layout.sign == "by_status":
            return -abs(amount) if leaves or kind in (FEE, "payout") else abs(amount)
        if leaves is not None and amount and (amount < 0) != leaves:
            raise Doubt(
                "%(amount)s has the wrong sign for a %(kind)s",
                line=row.line,
                amount=amount,
                kind=kind,
            )
        return amount

    def _order(self, row: Row) -> str | None:
        """Our code in the column of orders, alone or among other signs; else what stands there."""
        said = self.text(row, "order")
        if not said or _CODE.fullmatch(said):
            return said or None
        codes = codes_in(said)
        return codes[0] if len(codes) == 1 else said

    def _line_ref(self, row: Row, kind: str, name: str | None) -> str:
        own = self.text(row, "line")
        if not own and not name:
            raise Doubt(
                "a row that names neither itself, nor its money, nor an order", line=row.line
            )
        return own or f"{kind}:{name}"
