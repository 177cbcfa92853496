"""Form 01/TTGD (Circular 91/2026/TT-BTC, Annex III) as a report: a filed table, or what would be filed.

The columns are the form's, and the receipt's number beside the note. Where the operator pays VAT as a
percentage of its revenue, or none, no tax is split off: the value before VAT is what was paid. The form
has no published file schema (XML), so none is offered; a person hands the table in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.methods import method_on
from parking.receipts.vat import percent_of
from parking.tax.entries import PAGE, Totals, entries, invoiced, last_written, totals
from parking.tax.models import HANDED_OVER, TaxTable, TaxTableRow
from parking.tax.periods import Period
from parking.tax.services import SERVICES
from parking.tax.tables import tables_of
from reconciliation.reports.table import (
    Column,
    Kind,
    Lazy,
    Parameter,
    Report,
    Row,
    Sentence,
    Sum,
    Table,
)  # fmt: skip

KIND = "form-01"
TITLE = mark("Form 01/TTGD: table of transactions")
STATUS = {"new": mark("New"), "adjusted": mark("Adjusted")}
#: Kind of a row → what the note says.
NOTES = {
    "sale": "",
    "change": mark("Money went back"),
    "withdrawn": mark("An invoice was issued to a company"),
}
_MONEY = Kind.MONEY
COLUMNS = (
    Column("no", mark("Row no."), Kind.COUNT),
    Column("code", mark("Transaction code")),
    Column("at", mark("Time"), Kind.INSTANT),
    Column("service", mark("Name of the service"), Kind.WORD, words=SERVICES),
    Column("net", mark("Value before VAT"), _MONEY, adds_up=True),
    Column("rate", mark("VAT rate")),
    Column("vat", mark("Amount of VAT"), _MONEY, adds_up=True),
    Column("gross", mark("Amount paid"), _MONEY, adds_up=True),
    Column("status", mark("Status"), Kind.WORD, words=STATUS),
    Column("note", mark("Note"), Kind.WORD, words=NOTES),
    Column("receipt", mark("Receipt")),
)  # fmt: skip
_YES_NO = {"yes": mark("Yes"), "no": mark("No")}


@dataclass(frozen=True, slots=True)
class _Head:
    """What stands above the rows; `number` 0 is the first table."""

    period: Period
    number: int
    taxpayer: str
    tax_code: str
    sums: Totals
    invoiced: int


def filed(tx: Session, table: TaxTable) -> Report:
    """A table as it was filed: the same rows for ever."""
    period = Period(table.starts, table.ends)
    sums = Totals(table.count, table.net, table.vat, table.gross)
    head = _Head(period, table.number, table.taxpayer, table.tax_code, sums, table.invoiced)
    mine = select(*TaxTableRow.__table__.columns).where(TaxTableRow.table_id == table.id)
    query = mine.order_by(TaxTableRow.position).execution_options(yield_per=PAGE)
    rows = _anew(tx, lambda own: (_row(row.position, row) for row in own.execute(query)))
    return _report(head, rows, table.filed_at, ())


def _anew(tx: Session, read: Callable[[Session], Iterator[Row]]) -> Lazy:
    """Rows read at each pass in a session of their own: a report is written after `tx` has ended."""
    bind = tx.get_bind()

    def rows() -> Iterator[Row]:
        with Session(bind) as own:
            yield from read(own)

    return Lazy(rows)


def draft(tx: Session, operator: Operator, period: Period) -> Report:
    """What would be filed now: the first table, or the next amendment. What is written down while the
    report is, is not in it."""
    last = last_written(tx, operator, period)
    head = _Head(
        period,
        len(tables_of(tx, operator.id, period)),
        operator.legal_name,
        operator.tax_code,
        totals(tx, operator, period, last),
        invoiced(tx, operator, period, *HANDED_OVER),
    )
    rows = _anew(
        tx,
        lambda own: (
            _row(n, e) for n, e in enumerate(entries(own, operator, period, last), start=1)
        ),
    )
    warnings = [Sentence(mark("Draft: this table has not been filed."))]
    if waiting := invoiced(tx, operator, period, "asked"):
        left_out = mark("%(count)s receipts are left out because a company waits for an invoice.")
        warnings.append(Sentence(left_out, {"count": waiting}))
    if method_on(tx, operator.id, period.last) == "none":
        warnings.append(Sentence(mark("A household below the threshold need not file this form.")))
    return _report(head, rows, last, tuple(warnings))


def newest(tx: Session, operator: Operator, period: Period) -> Report:
    """The table that was filed last for the period; a draft while there is none."""
    known = tables_of(tx, operator.id, period)
    return filed(tx, known[-1]) if known else draft(tx, operator, period)


def _report(
    head: _Head, rows: Lazy, as_of: datetime | None, warnings: tuple[Sentence, ...]
) -> Report:
    sums = head.sums
    last = (None, None, None, None, sums.net, None, sums.vat, sums.gross, None, None, None)
    table = Table(
        "transactions", mark("Transactions"), COLUMNS, rows, last,
        sums=(Sum("gross", ("net", "vat")),),
    )  # fmt: skip
    return Report(KIND, TITLE, _parameters(head), as_of, (table,), _notes(head), warnings)


def _parameters(head: _Head) -> tuple[Parameter, ...]:
    first = "no" if head.number else "yes"
    return (
        Parameter(Column("period", mark("[01] Period")), head.period.form_text),
        Parameter(Column("first", mark("[02] First table"), Kind.WORD, words=_YES_NO), first),
        Parameter(Column("amendment", mark("[03] Amendment no.")), str(head.number or "")),
        Parameter(Column("taxpayer", mark("[04] Taxpayer")), head.taxpayer),
        Parameter(Column("tax_code", mark("[05] Tax code")), head.tax_code),
        Parameter(Column("due", mark("To be filed by"), Kind.DATE), head.period.due),
    )


def _notes(head: _Head) -> tuple[Sentence, ...]:
    counts: dict[str, int | str] = {"count": head.sums.count, "invoiced": head.invoiced}
    return (
        Sentence(
            mark(
                "%(count)s rows. %(invoiced)s receipts of the period are left out: an invoice was "
                "issued, or is being issued, to a company that asked."
            ),
            {**counts},
        ),
        Sentence(
            mark(
                "A transaction belongs to the day its service ended, or was paid if that was earlier "
                "(Decree 254/2026/NĐ-CP); cash and monthly passes are transactions like any other."
            )
        ),
        Sentence(
            mark("Taxpayer or legal representative (signature, full name, seal): ………………………………")
        ),
    )


def _row(number: int, row: Any) -> Row:
    """A row of the form from an `Entry`, or from a filed row."""
    return (
        number,
        row.code,
        row.at,
        row.product,
        row.net,
        percent_of(row.basis_points) if row.basis_points else "",
        row.vat,
        row.gross,
        "new" if row.kind == "sale" else "adjusted",
        row.kind,
        row.document,
    )
