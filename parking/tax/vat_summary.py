"""VAT of a period, by tax method and dated rate: what was sold, what changed, and where each is told.

*Sold* are receipts whose tax point lies in the period, *changed* is what went back in it. Both are split
a second time by where they are told to the tax office, so that the summary, the tables of Form 01/TTGD
and the companies' invoices are parts of one whole: a report that does not add up is refused.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator
from parking.receipts.methods import METHOD_WORDS
from parking.receipts.models import Receipt, ReceiptChange
from parking.receipts.vat import percent_of
from parking.reports.columns import totals
from parking.tax.entries import changed_in, has_invoice, is_reported, sold_in
from parking.tax.models import HANDED_OVER
from parking.tax.periods import Period
from reconciliation.reports.table import Column, Kind, Parameter, Report, Row, Sentence, Sum, Table
from reconciliation.sides import Rows

KIND = "vat"
TITLE = mark("VAT summary")
#: Where a receipt, or a change, is told to the tax office.
TOLD = {
    "table": mark("In Form 01/TTGD"),
    "invoice": mark("Invoice of a company"),
    "both": mark("In Form 01/TTGD, an invoice since: to be amended"),
    "asked": mark("A company waits for an invoice"),
    "nowhere": mark("Not filed yet"),
}
_MONEY = Kind.MONEY
METHOD = Column("method", mark("Tax method"), Kind.WORD, words=METHOD_WORDS)
RATE = Column("rate", mark("VAT rate"))
WHERE = Column("told", mark("Told to the tax office"), Kind.WORD, words=TOLD)
SUMS = (
    Column("count", mark("Number"), Kind.COUNT, adds_up=True),
    Column("net", mark("Value before VAT"), _MONEY, adds_up=True),
    Column("vat", mark("Amount of VAT"), _MONEY, adds_up=True),
    Column("gross", mark("Amount paid"), _MONEY, adds_up=True),
)
FOOTS = (Sum("gross", ("net", "vat")),)
RESULT = tuple(
    Column(f"{part}_{key}", title, _MONEY, adds_up=True)
    for key, titles in (
        ("net", (mark("Sold, before VAT"), mark("Changed, before VAT"), mark("Left, before VAT"))),
        ("vat", (mark("VAT sold"), mark("VAT changed"), mark("VAT left"))),
    )
    for part, title in zip(("sold", "changed", "left"), titles, strict=True)
)
RESULT_FOOTS = tuple(
    Sum(f"left_{key}", (f"sold_{key}", f"changed_{key}")) for key in ("net", "vat")
)

#: Tax method, rate and where it is told → count, net, VAT, gross.
Parts = dict[tuple[str, str, str], tuple[int, ...]]


def vat_summary(tx: Session, operator: Operator, period: Period) -> Report:
    """The summary of an operator's days from `period.first` to `period.last`."""
    sold, changed = _sold(tx, operator, period), _changed(tx, operator, period)
    told = (
        Parameter(Column("from", mark("From"), Kind.DATE), period.first),
        Parameter(Column("to", mark("To"), Kind.DATE), period.last),
        Parameter(Column("taxpayer", mark("[04] Taxpayer")), operator.legal_name),
        Parameter(Column("tax_code", mark("[05] Tax code")), operator.tax_code),
    )
    tables = (
        _result(sold, changed),
        *_both_ways("sold", (mark("Sold, by rate"), mark("Sold, by where it is told")), sold),
        *_both_ways(
            "changed", (mark("Changed, by rate"), mark("Changed, by where it is told")), changed
        ),
    )
    return Report(KIND, TITLE, told, _as_of(tx, operator, period), tables, _notes())


def _as_of(tx: Session, operator: Operator, period: Period) -> datetime | None:
    return tx.scalar(select(sql.max(Receipt.issued_at)).where(sold_in(operator.id, period)))


def _notes() -> tuple[Sentence, ...]:
    return (
        Sentence(
            mark(
                "The rate is the one in force at the tax point: the end of the service, or the "
                "payment if that came first. Amounts are rounded on each receipt, never on sums."
            )
        ),
        Sentence(
            mark(
                "For operators taxed by a percentage of revenue no VAT is split off; the percentage, "
                "and its relief, are declared by the operator."
            )
        ),
    )


def _sold(tx: Session, operator: Operator, period: Period) -> Parts:
    in_table = and_(
        is_reported(Receipt.id, None, "sale"), ~is_reported(Receipt.id, None, "withdrawn")
    )
    amounts = Receipt.net, Receipt.vat, Receipt.gross
    query = select(*_labels(in_table), *amounts).where(sold_in(operator.id, period))
    return _parts(tx, query)


def _changed(tx: Session, operator: Operator, period: Period) -> Parts:
    change = ReceiptChange
    in_table = and_(
        is_reported(Receipt.id, change.id, "change"),
        ~is_reported(Receipt.id, change.id, "withdrawn"),
    )
    query = (
        select(*_labels(in_table), change.net, change.vat, change.gross)
        .join(Receipt, Receipt.id == change.receipt_id)
        .where(changed_in(operator.id, period))
    )
    return _parts(tx, query)


def _labels(in_table: ColumnElement[bool]) -> tuple[Any, Any, Any]:
    handed_over = has_invoice(Receipt.id, *HANDED_OVER)
    told = case(
        (and_(in_table, handed_over), "both"),
        (in_table, "table"),
        (handed_over, "invoice"),
        (has_invoice(Receipt.id, "asked"), "asked"),
        else_="nowhere",
    )
    return Receipt.tax_method, Receipt.vat_basis_points, told.label("told")


def _parts(tx: Session, rows: Rows) -> Parts:
    each = rows.subquery()
    labels = each.c.tax_method, each.c.vat_basis_points, each.c.told
    sums = [sql.sum(each.c[name]) for name in ("net", "vat", "gross")]
    query: Rows = select(*labels, sql.count(), *sums).group_by(*labels)
    return {
        (method, percent_of(rate) if rate else "", told): tuple(map(int, figures))
        for method, rate, told, *figures in tx.execute(query)
    }


def _grouped(parts: Parts, *places: int) -> dict[tuple[str, ...], tuple[int, ...]]:
    """The figures for every value of the labels at these places, in order."""
    groups: defaultdict[tuple[str, ...], tuple[int, ...]] = defaultdict(lambda: (0, 0, 0, 0))
    for labels, figures in parts.items():
        key = tuple(labels[place] for place in places)
        groups[key] = tuple(map(sum, zip(groups[key], figures, strict=True)))
    return dict(sorted(groups.items()))


def _both_ways(whole: str, titles: tuple[str, str], parts: Parts) -> tuple[Table, Table]:
    return (
        _table(f"{whole}_by_rate", titles[0], (METHOD, RATE), whole, _grouped(parts, 0, 1)),
        _table(f"{whole}_by_told", titles[1], (WHERE,), whole, _grouped(parts, 2)),
    )


def _table(
    name: str,
    title: str,
    labels: tuple[Column, ...],
    whole: str,
    groups: dict[tuple[str, ...], tuple[int, ...]],
) -> Table:
    columns = (*labels, *SUMS)
    rows: list[Row] = [(*key, *figures) for key, figures in groups.items()]
    keys = tuple(column.key for column in labels)
    return Table(name, title, columns, rows, totals(columns, rows), keys, whole, sums=FOOTS)


def _result(sold: Parts, changed: Parts) -> Table:
    """Sold and changed beside each other, and what is left of the tax."""
    by_rate, gone = _grouped(sold, 0, 1), _grouped(changed, 0, 1)
    columns, rows = (METHOD, RATE, *RESULT), list[Row]()
    for key in sorted({*by_rate, *gone}):
        one, other = by_rate.get(key, (0, 0, 0, 0)), gone.get(key, (0, 0, 0, 0))
        pairs = ((one[place], other[place], one[place] + other[place]) for place in (1, 2))
        rows.append((*key, *(cell for pair in pairs for cell in pair)))
    return Table(
        "result", mark("VAT by rate"), columns, rows, totals(columns, rows),
        ("method", "rate"), "result", sums=RESULT_FOOTS,
    )  # fmt: skip
