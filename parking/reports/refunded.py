"""Refunds asked for in a period: how far each is, how old, by lot and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from parking.languages import mark
from parking.lots.service import lot_names
from parking.passes import excess
from parking.people.service import names_of
from parking.reports.asked import Asked, ages_on, parameters
from parking.reports.columns import ACCOUNT, LOT, LOT_NAME, count, money, totals
from parking.sessions import paid_twice
from parking.sessions.actors import NO_PEOPLE, kind_of
from payments.db import business_day
from payments.models import MerchantAccount, Payment, Refund
from payments.payback import RefundTask
from reconciliation.breaks import age_group
from reconciliation.reports.differences import GROUPS
from reconciliation.reports.table import Chart, Column, Kind, Report, Row, Sentence, Sum, Table

#: How far a refund is → its name.
STATES = {
    "open": mark("Waits for approval"),
    "rejected": mark("Rejected"),
    "asked": mark("On its way"),
    "done": mark("Went back"),
    "failed": mark("Refused by the payment company"),
}
PURPOSES = {"excess": mark("Paid too much"), "charge": mark("Charged too much")}

STATE = Column("state", mark("State"), Kind.WORD, words=STATES)
PURPOSE = Column("purpose", mark("Kind"), Kind.WORD, words=PURPOSES)
FIGURES = (
    count("number", mark("Number")),
    money("amount", mark("Asked for")),
    money("done", mark("Went back")),
    money("on_way", mark("On its way or waiting")),
    money("refused", mark("Rejected or refused")),
)
AMOUNT_IS = (Sum("amount", ("done", "on_way", "refused")),)
#: What the service itself gives as a reason; people write theirs.
SERVICE_REASONS = {reason: reason for reason in (paid_twice.REASON, excess.REASON)}
LISTED = (
    Column("asked_at", mark("Asked at"), Kind.INSTANT),
    Column("settled_at", mark("Settled at"), Kind.INSTANT),
    Column("group", mark("Age in days")),
    LOT,
    ACCOUNT,
    Column("payment", mark("Payment")),
    PURPOSE,
    Column("reason", mark("Reason"), Kind.WORD, words=SERVICE_REASONS),
    Column("asked_by", mark("Asked by"), Kind.WORD, words=NO_PEOPLE),
    STATE,
    *FIGURES,
)
NOTES = (
    Sentence(
        mark(
            "A refund belongs to the day it was asked for. Its age ends when it was settled or rejected."
        )
    ),
)


@dataclass(frozen=True, slots=True)
class Asking:
    """One refund that was asked for. `state` is one of `STATES`; `age_ends`: the day it was settled,
    or the day the report was asked for."""

    task: RefundTask
    state: str
    settled_at: datetime | None
    lot: str
    account: str
    payment: str
    age_ends: date

    @property
    def group(self) -> str:
        """Its age in days, as differences have theirs."""
        return age_group(business_day(self.task.asked_at), self.age_ends)

    @property
    def purpose(self) -> str:
        return self.task.purpose

    @property
    def figures(self) -> tuple[int, int, int, int, int]:
        """The cells of `FIGURES`."""
        amount = self.task.amount
        done, refused = self.state == "done", self.state in ("rejected", "failed")
        return (
            1, amount, amount if done else 0, 0 if done or refused else amount,
            amount if refused else 0,
        )  # fmt: skip


def refunded(tx: Session, asked: Asked) -> Report:
    """Refunds asked for on the days asked for, as they stand now."""
    asked.check()
    found = _asked_for(tx, asked)
    changes = [row.settled_at or row.task.asked_at for row in found]
    return Report(
        "refunds",
        mark("Refunds"),
        (*parameters(tx, asked), ages_on(asked)),
        max(changes, default=None),
        tuple(_tables(tx, found)),
        NOTES,
        charts=(Chart("by_state", mark("Refunds by state"), "state", ("number",)),),
    )


def _asked_for(tx: Session, asked: Asked) -> Sequence[Asking]:
    period, today = asked.period, business_day(asked.now)
    query = (
        select(
            RefundTask,
            Refund.state,
            Refund.settled_at,
            MerchantAccount.slug,
            Payment.cost_centre,
            Payment.code,
        )
        .join(Payment, Payment.id == RefundTask.payment_id)
        .join(MerchantAccount, MerchantAccount.id == Payment.account_id)
        .outerjoin(Refund, Refund.id == RefundTask.refund_id)
        .where(
            RefundTask.asked_at >= period.begins,
            RefundTask.asked_at < period.ends,
            period.accounts(),
        )
        .order_by(RefundTask.asked_at, RefundTask.id)
        .options(lazyload(RefundTask.payment))
    )
    rows: list[Asking] = []
    for task, state, settled_at, slug, lot, code in tx.execute(query):
        ended = settled_at or (task.decided_at if task.state == "rejected" else None)
        ends = business_day(ended) if ended else today
        rows.append(Asking(task, state or task.state, ended, lot, slug, code, ends))
    return rows


def _tables(tx: Session, found: Sequence[Asking]) -> Iterator[Table]:
    yield _grouped("by_state", mark("By state"), STATE, found)
    yield _grouped("by_purpose", mark("By kind"), PURPOSE, found)
    yield _grouped("by_age", mark("By age"), Column("group", mark("Age in days")), found)
    names = lot_names(tx, [row.lot for row in found])
    lots = _grouped("by_lot", mark("By lot"), LOT, found)
    rows = [(row[0], names.get(str(row[0]), ""), *row[1:]) for row in lots]
    columns = (LOT, LOT_NAME, *FIGURES)
    yield Table(
        "by_lot", lots.title, columns, rows, totals(columns, rows), ("lot",), "asked",
        sums=AMOUNT_IS,
    )  # fmt: skip
    yield _list(found, names_of(tx, {row.task.asked_by for row in found}))


def _list(found: Sequence[Asking], people: Mapping[str, str]) -> Table:
    rows: list[Row] = [
        (
            row.task.asked_at, row.settled_at, row.group, row.lot, row.account, row.payment,
            row.purpose, row.task.reason, people.get(row.task.asked_by, kind_of(row.task.asked_by)), row.state,
            *row.figures,
        )
        for row in found
    ]  # fmt: skip
    return Table(
        "list", mark("Every refund"), LISTED, rows, totals(LISTED, rows), (), "asked",
        refines="by_lot", sums=AMOUNT_IS,
    )  # fmt: skip


def _grouped(name: str, title: str, label: Column, found: Sequence[Asking]) -> Table:
    columns = (label, *FIGURES)
    rows: list[Row] = []
    for value in sorted({getattr(row, label.key) for row in found}, key=_order):
        those = [row.figures for row in found if getattr(row, label.key) == value]
        rows.append((value, *map(sum, zip(*those, strict=True))))
    return Table(
        name, title, columns, rows, totals(columns, rows), (label.key,), "asked", sums=AMOUNT_IS
    )


def _order(value: str) -> tuple[int, str]:
    """Ages from young to old, everything else by name."""
    return GROUPS.index(value) if value in GROUPS else 0, value
