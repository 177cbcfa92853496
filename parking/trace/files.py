"""Steps in the files of others: the provider's line, the match or the difference, payout, bank, total."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import func as sql
from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.reports.daily import part_of
from parking.reports.reason_words import rule_called
from parking.reports.words import break_name
from parking.sessions.states import FIGURE_CLASSES
from parking.trace.model import Stage, Step
from payments.db import business_day
from payments.models import MerchantAccount, Movement, Payment
from reconciliation.models import (
    BANK,
    SETTLEMENT,
    Assignment,
    Break,
    DayTotal,
    Statement,
    StatementLine,
)
from reconciliation.sides import SUPERSEDED
from reconciliation.uploads.origins import Origin, origins
from reconciliation.witnesses import only_stated as hearsay

LINES = {
    Stage.LINE: mark("Line %(position)s of the provider's file %(file)s"),
    Stage.PAYOUT: mark("Payout announced on line %(position)s of %(file)s"),
    Stage.BANK: mark("Credit on line %(position)s of the bank file %(file)s"),
}


def lines(tx: Session, stage: Stage, rows: Sequence[StatementLine]) -> Iterator[Step]:
    """Each line with its file and place in it, followed by the bytes it was read from and what it was
    matched with. A file that was handed in for several days is named itself, not its day's part."""
    names, read_from = _files(tx, rows), origins(tx, rows)
    matched = _matches(tx, [row.id for row in rows])
    for row in rows:
        yield Step(
            stage,
            LINES[stage],
            row.line_ref,
            _place(row, names[row.statement_id], read_from.get(row.id)),
            at=row.event_at,
            recorded_at=names[row.statement_id].received_at,
            amount=abs(row.gross) if stage is Stage.PAYOUT else row.gross,
            currency=row.currency,
            figures={"fee": row.fee, "net": row.net} if row.fee else {},
            id=row.id,
        )
        yield _original(names[row.statement_id], read_from.get(row.id))
        yield from matched[row.id]


def _place(row: StatementLine, part: Statement, origin: Origin | None) -> Mapping[str, object]:
    if origin is None or origin.row is None:
        return {"position": row.position, "file": part.name}
    return {"position": origin.row, "file": origin.upload.name}


def _original(file: Statement, origin: Origin | None) -> Step:
    """The very file, by its digest: as somebody handed it in, or as it was fetched."""
    if origin is None:
        fetched = mark("The file is kept as it was received, with its SHA-256")
        return Step(Stage.FILE, fetched, file.sha256, recorded_at=file.received_at)
    upload = origin.upload
    handed_in = mark("The file is kept as it was handed in, with its SHA-256")
    return Step(
        Stage.FILE,
        handed_in,
        upload.sha256,
        recorded_at=upload.offered_at,
        by=upload.offered_by,
        id=upload.id,
    )


def _files(tx: Session, rows: Iterable[StatementLine]) -> Mapping[uuid.UUID, Statement]:
    wanted = {row.statement_id for row in rows}
    return {file.id: file for file in tx.scalars(select(Statement).where(Statement.id.in_(wanted)))}


def _matches(tx: Session, ids: Collection[uuid.UUID]) -> Mapping[uuid.UUID, Sequence[Step]]:
    """Line id → the match it is part of."""
    found = defaultdict(list)
    query = select(Assignment).where(
        Assignment.leg.in_((SETTLEMENT, BANK)), Assignment.line_id.in_(ids)
    )
    for row in tx.scalars(query.order_by(Assignment.matched_at)):
        step = Step(
            Stage.MATCH,
            mark("Matched by %(rule)s (rule set %(set)s)"),
            row.leg,
            {"rule": rule_called(row.rule), "set": row.rule_set},
            at=row.matched_at,
            by=row.matched_by,
            id=row.id,
        )
        found[row.line_id].append(step)
    return found


def breaks(
    tx: Session, movements: Iterable[Movement], lines: Iterable[StatementLine]
) -> Iterator[Step]:
    """Every difference about these rows, explained ones too."""
    ours, theirs = [row.id for row in movements], [row.id for row in lines]
    query = select(Break).where(
        or_(
            Break.movement_id.in_(ours),
            Break.line_id.in_(theirs),
            Break.payout_id.in_(theirs),
        ),
        or_(Break.resolution.is_(None), Break.resolution != SUPERSEDED),
    )
    for row in tx.scalars(query.order_by(Break.opened_at, Break.id)):
        yield Step(
            Stage.BREAK,
            break_name(row.kind, row.leg),
            row.kind,
            at=row.opened_at,
            recorded_at=row.resolved_at,
            by=row.resolution or row.state,
            currency=row.currency,
            figures={"difference": row.difference},
            missing=row.state == "open",
            id=row.id,
            day=row.day,
        )


def totals(
    tx: Session,
    payments: Sequence[Payment],
    movements: Sequence[Movement],
    belonging: Mapping[uuid.UUID, uuid.UUID],
) -> Iterator[Step]:
    """The figures of the days in which this money was counted; `belonging`: movement → payment."""
    labels = {row.id: (row.cost_centre, row.product) for row in payments}
    keys = {
        (row.book_day, row.account_id, *labels.get(belonging.get(row.id, row.id), ("", "")))
        for row in movements
        if row.kind != "payout"
    }
    named = tuple_(DayTotal.day, DayTotal.account_id, DayTotal.cost_centre, DayTotal.product)
    query = (
        select(DayTotal, MerchantAccount.slug)
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(named.in_(keys))
        .order_by(DayTotal.day, MerchantAccount.slug, DayTotal.cost_centre, DayTotal.product)
    )
    for total, slug in tx.execute(query):
        yield _total(total, slug)


def _total(total: DayTotal, slug: str) -> Step:
    of_lot = mark("Counted in the total of lot %(lot)s · %(vehicle)s")
    if part_of(total.product, 0) == "pass":
        of_lot = mark("Counted in the passes of lot %(lot)s · %(vehicle)s")
    vehicle = part_of(total.product, 1)
    return Step(
        Stage.TOTAL,
        of_lot if total.cost_centre else mark("Counted in the total of money without a payment"),
        slug,
        {"lot": total.cost_centre} if total.cost_centre else {},
        {"vehicle": FIGURE_CLASSES.get(vehicle, vehicle)},
        recorded_at=total.computed_at,
        amount=total.gross,
        figures={
            "count": total.count,
            "refunds": total.refunds,
            "fee": total.fees,
            "net": total.net,
        },
        day=total.day,
    )


def totals_behind(tx: Session, payouts: Iterable[StatementLine]) -> Iterator[Step]:
    """The figures of the accounts and days that the lines paid by these payouts were counted in."""
    paid = select(StatementLine.book_day, StatementLine.account_id).where(
        StatementLine.statement_id.in_({row.statement_id for row in payouts})
    )
    names = ("gross", "count", "refunds", "fees", "net")
    sums = [sql.sum(getattr(DayTotal, name)) for name in names]
    query = (
        select(DayTotal.day, MerchantAccount.slug, sql.min(DayTotal.computed_at), *sums)
        .join(MerchantAccount, MerchantAccount.id == DayTotal.account_id)
        .where(tuple_(DayTotal.day, DayTotal.account_id).in_(paid))
        .group_by(DayTotal.day, MerchantAccount.slug)
        .order_by(DayTotal.day, MerchantAccount.slug)
    )
    for day, slug, computed_at, *figures in tx.execute(query):
        gross, count, refunds, fees, net = map(int, figures)
        yield Step(
            Stage.TOTAL,
            mark("Counted in the total of account %(account)s"),
            slug,
            {"account": slug},
            recorded_at=computed_at,
            amount=gross,
            figures={"count": count, "refunds": refunds, "fee": fees, "net": net},
            day=day,
        )


def missing_line(day: date) -> Step:
    """Money we received that no file has confirmed."""
    return Step(
        Stage.LINE,
        mark("Not in any file of the provider yet"),
        "",
        missing=True,
        day=day,
    )


def only_stated(tx: Session, movements: Sequence[Movement]) -> Iterator[Step]:
    """Says so where nobody but a statement that was handed in told of money."""
    found = hearsay(tx, [row.id for row in movements])
    for row in movements:
        if row.id in found:
            yield Step(
                Stage.LINE,
                mark("Known only from the uploaded statement of %(day)s"),
                row.rail_ref,
                {"day": f"{business_day(row.event_at):%d/%m/%Y}"},
                missing=True,
                day=row.book_day,
            )


def missing_credit(payout: StatementLine) -> Step:
    """A payout that no bank credit has confirmed."""
    return Step(
        Stage.BANK,
        mark("Not on the bank account yet"),
        payout.rail_ref or payout.line_ref,
        amount=-payout.gross,
        currency=payout.currency,
        missing=True,
    )
