"""The daily reconciliation: what we recorded, what providers say, what reached the bank, and every
difference explained line by line (payments.md §8.2), per operator, provider, account, lot and day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.service import lot_names
from parking.reports import apart
from parking.reports.asked import Asked, operator_names, parameters
from parking.reports.columns import (
    ACCOUNT,
    DAY,
    FIGURES,
    LOT,
    LOT_NAME,
    OPERATOR,
    PROVIDER,
    count,
    figures,
    money,
    totals,
)  # fmt: skip
from parking.reports.words import CODE_NAMES, break_code
from payments.models import MerchantAccount
from reconciliation.models import DayTotal
from reconciliation.reports.comparison import Compared, compare
from reconciliation.reports.period import Part, Period, computed_at, parts, unattached, unfinished
from reconciliation.reports.table import Chart, Column, Kind, Report, Row, Sentence, Sum, Table

#: The providers' side is read from its lines, so this report is for weeks, not for years.
MOST_DAYS = 92

NET_IS = (Sum("net", ("gross",), ("refunds", "fees")),)

COMPARED = (
    OPERATOR,
    PROVIDER,
    ACCOUNT,
    money("ours", mark("Recorded by us")),
    count("their_count", mark("Payments in the files")),
    money("their_gross", mark("Gross in the files")),
    money("their_refunds", mark("Refunds in the files")),
    money("their_fees", mark("Fees in the files")),
    money("theirs", mark("Files, net of refunds")),
    money("difference", mark("Difference")),
    money("unexplained", mark("Of that, not explained")),
    count("matched", mark("Matched lines")),
    count("only_ours", mark("Only with us")),
    count("only_theirs", mark("Only in the files")),
)
COMPARED_SUMS = (
    Sum("theirs", ("their_gross",), ("their_refunds",)),
    Sum("difference", ("theirs",), ("ours",)),
)
BANK = (
    OPERATOR,
    PROVIDER,
    ACCOUNT,
    count("payouts", mark("Payouts")),
    money("carried", mark("Their lines, after fees")),
    money("off", mark("Paid out more or less")),
    money("untold", mark("No lines named")),
    money("announced", mark("Announced by the provider")),
    money("credited", mark("Credited by the bank")),
    money("outstanding", mark("Not in the bank yet")),
)
BANK_SUMS = (
    Sum("announced", ("carried", "off", "untold")),
    Sum("announced", ("credited", "outstanding")),
)

#: What explains a part of a difference → its name; the others are classes of breaks.
REASONS = {
    **CODE_NAMES,
    "tolerance": mark("Agreed within the tolerance"),
    "other_day": mark("Both sides agree, booked on different days"),
    "awaiting": mark("The provider's file has not come yet"),
    "not_parking": mark("Not parking, by an approved rule"),
    "unexplained": mark("Not explained"),
}
STATES = {"open": mark("Still open"), "settled": mark("Explained by a person")}
EXPLAINED = (
    DAY,
    ACCOUNT,
    Column("reason", mark("Reason"), Kind.WORD, words=REASONS),
    Column("payment", mark("Payment")),
    LOT,
    Column("reference", mark("Reference")),
    Column("state", mark("State"), Kind.WORD, words=STATES),
    count("number", mark("Number")),
    money("difference", mark("Difference")),
    money("beside", mark("Fees, tills, payouts, bank")),
)

NOTES = (
    Sentence(mark("Gross: receipts recorded on the day. Net: gross less refunds and fees.")),
    Sentence(
        mark(
            "Difference: what the providers' files say less what we recorded, before fees. The rows"
            " under “What explains the differences” make exactly this sum."
        )
    ),
    apart.MEANING,
)


def reconciled(tx: Session, asked: Asked) -> Report:
    """The report of the days asked for. Raises `WrongUsage` for more than `MOST_DAYS`."""
    asked.check(MOST_DAYS)
    compared, names = compare(tx, asked.period), operator_names(tx)
    return Report(
        "daily",
        mark("Daily reconciliation"),
        parameters(tx, asked),
        computed_at(tx, asked.period),
        (*_recorded(tx, asked.period, names), *_compared(compared, names), _explained(compared)),
        NOTES,
        tuple(_warnings(tx, asked.period)),
        _charts(asked.period),
    )


def _charts(period: Period) -> tuple[Chart, ...]:
    if period.since == period.until:
        return (Chart("by_lot", mark("Gross by lot"), "lot", ("gross",)),)
    return (Chart("by_day", mark("Gross by day"), "day", ("gross", "confirmed_gross")),)


def _warnings(tx: Session, period: Period) -> Iterator[Sentence]:
    if late := unfinished(tx, period):
        slugs = ", ".join(sorted({slug for slug, _ in late}))
        said = mark("Files are still missing for %(count)s days of accounts: %(accounts)s.")
        yield Sentence(said, {"count": len(late), "accounts": slugs})


def _recorded(tx: Session, period: Period, names: Mapping[str, str]) -> Iterator[Table]:
    """What we recorded, in every direction it can be split."""
    operators = [
        Part((names.get(row.labels[0], row.labels[0]),), row.figures)
        for row in parts(tx, period, MerchantAccount.operator)
    ]
    yield _apart(tx, period)
    yield _figures("by_operator", mark("By operator"), (OPERATOR,), operators)
    providers = parts(tx, period, MerchantAccount.provider)
    yield _figures("by_provider", mark("By provider"), (PROVIDER,), providers)
    yield _figures("by_lot", mark("By lot"), (LOT, LOT_NAME), list(_lots(tx, period)))
    if period.since != period.until:
        yield _figures("by_day", mark("By day"), (DAY,), parts(tx, period, DayTotal.day))


def _apart(tx: Session, period: Period) -> Table:
    """Payments, and what is attached to none: every other table of this report has both."""
    [whole], beside = parts(tx, period), unattached(tx, period)
    everything = (whole.figures.count, whole.figures.gross)
    paid = (everything[0] - beside.count, everything[1] - beside.gross)
    shown = {apart.PAYMENTS: paid, apart.UNATTACHED: (beside.count, beside.gross)}
    return apart.recorded(shown, everything, "recorded")


def _lots(tx: Session, period: Period) -> Iterator[Part]:
    """Money in suspense belongs to no lot and stands first."""
    found = parts(tx, period, DayTotal.cost_centre)
    names = lot_names(tx, [row.labels[0] for row in found])
    for row in found:
        yield Part((row.labels[0], names.get(row.labels[0], "")), row.figures)


def _figures(name: str, title: str, labels: tuple[Column, ...], found: Sequence[Part]) -> Table:
    columns = (*labels, *FIGURES)
    rows = [(*row.labels, *figures(row.figures)) for row in found]
    below = totals(columns, rows)
    return Table(name, title, columns, rows, below, (labels[0].key,), "recorded", sums=NET_IS)


def _compared(found: Sequence[Compared], names: Mapping[str, str]) -> Iterator[Table]:
    """The providers' side and the bank's, by account."""
    theirs: list[Row] = []
    bank: list[Row] = []
    for row in found:
        who = (names.get(row.operator, row.operator), row.provider, row.slug)
        told, paid = row.outside, row.bank
        theirs.append((
            *who, row.ours, told.count, told.gross, told.refunds, told.fees, row.theirs,
            row.difference, row.unexplained, told.matched, row.only_ours, row.only_theirs,
        ))  # fmt: skip
        outstanding = paid.announced - paid.credited
        bank.append((
            *who, paid.payouts, paid.carried, paid.off, paid.untold, paid.announced, paid.credited,
            outstanding,
        ))  # fmt: skip
    yield Table(
        "files", mark("Beside the providers' files"), COMPARED, theirs, totals(COMPARED, theirs),
        ("account",), "compared", sums=COMPARED_SUMS,
    )  # fmt: skip
    yield Table(
        "bank", mark("Payouts, their lines and the bank"), BANK, bank, totals(BANK, bank),
        ("account",), sums=BANK_SUMS,
    )  # fmt: skip


def _explained(found: Sequence[Compared]) -> Table:
    rows: list[Row] = [
        (
            row.day, account.slug, break_code(row.reason, row.leg), row.payment, row.cost_centre, row.reference,
            row.state, row.count, row.amount, row.beside,
        )
        for account in found
        for row in account.reasons
    ]  # fmt: skip
    title = mark("What explains the differences")
    return Table(
        "explained", title, EXPLAINED, rows, totals(EXPLAINED, rows), (), "compared",
        refines="files",
    )  # fmt: skip
