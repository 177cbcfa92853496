"""The remittance statement: what was collected for an operator, what it cost, what went back, what
was paid out to its bank and when, and what providers and tills still hold. From the ledger."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.service import lot_names
from parking.reports.asked import Asked, operator_names, parameters
from parking.reports.columns import ACCOUNT, COUNT, FEES, LOT, LOT_NAME, OPERATOR, money, totals
from reconciliation.reports.period import Period
from reconciliation.reports.remittance import balances, by_cost_centre, last_recorded, payouts
from reconciliation.reports.table import Chart, Column, Kind, Report, Row, Sentence, Sum, Table

HELD_AT = Column("held_at", mark("Held at"))
RECEIPTS = money("receipts", mark("Collected"))
RETURNED = money("returned", mark("Gone back"))
PAYOUTS = money("payouts", mark("Paid out to the bank"))

BALANCES = (
    OPERATOR,
    HELD_AT,
    money("opening", mark("Held before")),
    RECEIPTS,
    RETURNED,
    FEES,
    PAYOUTS,
    money("other", mark("Other bookings")),
    money("closing", mark("Still held")),
)
BALANCE_SUMS = (Sum("closing", ("opening", "receipts", "other"), ("returned", "fees", "payouts")),)
LOTS = (OPERATOR, LOT, LOT_NAME, COUNT, RECEIPTS, RETURNED, FEES)
PAID_OUT = (
    Column("day", mark("Booked on"), Kind.DATE),
    OPERATOR,
    ACCOUNT,
    Column("batch", mark("Reference of the payout")),
    Column("credited_at", mark("Credited by the bank"), Kind.INSTANT),
    Column("bank_reference", mark("Reference of the bank")),
    PAYOUTS,
)
NOTES = (
    Sentence(
        mark(
            "Still held = held before + collected + other bookings − gone back − fees − paid out."
            " Both balances are sums of all transfers up to that day."
        )
    ),
    Sentence(mark("Money nobody could assign to a payment stands in the row without a lot.")),
)


def remitted(tx: Session, asked: Asked) -> Report:
    """The statement of the days asked for."""
    asked.check()
    names = operator_names(tx)
    return Report(
        "remittance",
        mark("Remittance statement"),
        parameters(tx, asked),
        last_recorded(tx, asked.period),
        (
            _balances(tx, asked.period, names),
            _lots(tx, asked.period, names),
            _payouts(tx, asked.period, names),
        ),
        NOTES,
        charts=(Chart("by_lot", mark("Collected by lot"), "lot", ("receipts",)),),
    )


def _balances(tx: Session, period: Period, names: Mapping[str, str]) -> Table:
    rows: list[Row] = [
        (
            names.get(row.operator, row.operator), row.account, row.opening, row.receipts,
            row.returned, row.fees, row.payouts, row.other, row.closing,
        )
        for row in balances(tx, period)
    ]  # fmt: skip
    return Table(
        "balances", mark("What was held, came in and went out"), BALANCES, rows,
        totals(BALANCES, rows), ("operator", "held_at"), "remitted", sums=BALANCE_SUMS,
    )  # fmt: skip


def _lots(tx: Session, period: Period, names: Mapping[str, str]) -> Table:
    found = by_cost_centre(tx, period)
    lots = lot_names(tx, [row.cost_centre for row in found])
    rows: list[Row] = [
        (
            names.get(row.operator, row.operator), row.cost_centre, lots.get(row.cost_centre, ""),
            row.count, row.receipts, row.returned, row.fees,
        )
        for row in found
    ]  # fmt: skip
    return Table(
        "by_lot", mark("By lot"), LOTS, rows, totals(LOTS, rows), ("operator", "lot"), "remitted"
    )


def _payouts(tx: Session, period: Period, names: Mapping[str, str]) -> Table:
    rows: list[Row] = [
        (
            row.day, names.get(row.operator, row.operator), row.account, row.batch,
            row.credited_at, row.bank_reference, row.amount,
        )
        for row in payouts(tx, period)
    ]  # fmt: skip
    return Table(
        "payouts", mark("Payouts"), PAID_OUT, rows, totals(PAID_OUT, rows),
        ("account", "batch"), "remitted",
    )  # fmt: skip
