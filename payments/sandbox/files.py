"""The two files a merchant can fetch, made once and then the same bytes for ever.

*Settlement file* of a business day, out at 00:15 the next day: every motion of that day and every
older one that no file carried yet, and last a payout line that takes the file's net away. Its gross
is negative, and the control totals include it: without money left over from earlier, and without a
fault of the payout, they are zero.
*Bank file* of a business day, out at the same time: the payout of the previous day's settlement
file, which reached the merchant's bank account at 09:00.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from payments.db import CITY_ZONE
from payments.errors import NotFound
from payments.sandbox.faults import extra_lines, shown
from payments.sandbox.lines import Line, render
from payments.sandbox.models import Fault, FaultRow, FileRow, Motion
from payments.sandbox.refs import short_ref

SETTLEMENT, BANK = "settlement", "bank"
OUT_AT = time(0, 15)
BANK_CREDITS_AT = time(9, 0)
DAY = timedelta(days=1)


def settlement_file(tx: Session, merchant: str, day: date, now: datetime) -> bytes:
    """The settlement file of `day`. Raises `NotFound` until it is out.

    Earlier days that still have money to settle, and the days after them, come first, so that each
    line stands in the file of its own day, and a late one in the next day's, whatever order the
    files are asked for in.
    """
    _check_out(day, now)
    for unsettled in _unsettled_days(tx, merchant, day):
        for earlier in (unsettled, unsettled + DAY):
            if earlier < day and _made(tx, merchant, SETTLEMENT, earlier) is None:
                _settle(tx, merchant, earlier, now)
    known = _made(tx, merchant, SETTLEMENT, day)
    return (known or _settle(tx, merchant, day, now)).content


def bank_file(tx: Session, merchant: str, day: date, now: datetime) -> bytes:
    """The credits that reached the merchant's bank account on `day`. Raises `NotFound` until the
    file is out."""
    _check_out(day, now)
    known = _made(tx, merchant, BANK, day)
    if known is not None:
        return known.content
    settlement_file(tx, merchant, day - DAY, now)
    settled = _made(tx, merchant, SETTLEMENT, day - DAY)
    payout = settled.payout if settled else 0
    payout -= _missing(tx, merchant, day - DAY, Fault.SHORT_CREDIT, payout)
    lines = [_credit(merchant, day, payout)] if payout else []
    return _keep(tx, merchant, BANK, day, now, lines, payout=0, left_over=0).content


def is_made(tx: Session, merchant: str, day: date) -> bool:
    """Whether the settlement file of `day` exists already, so that nothing can be added to it."""
    return _made(tx, merchant, SETTLEMENT, day) is not None


def _check_out(day: date, now: datetime) -> None:
    out_at = datetime.combine(day + DAY, OUT_AT, CITY_ZONE)
    if now < out_at:
        raise NotFound(
            "The file of %(day)s is out at %(out_at)s.", day=day, out_at=out_at.isoformat()
        )


def _made(tx: Session, merchant: str, kind: str, day: date) -> FileRow | None:
    return tx.scalar(
        select(FileRow).where(
            FileRow.merchant == merchant, FileRow.kind == kind, FileRow.day == day
        )
    )


def _unsettled_days(tx: Session, merchant: str, before: date) -> Sequence[date]:
    days = select(Motion.day).where(
        Motion.merchant == merchant, Motion.settled_on.is_(None), Motion.day < before
    )
    return tx.scalars(days.distinct().order_by(Motion.day)).all()


def _due(merchant: str, day: date) -> ColumnElement[bool]:
    """Motions that the file of `day` carries, or silently swallows."""
    held_back = select(FaultRow.motion_id).where(
        FaultRow.merchant == merchant,
        FaultRow.day == day,
        FaultRow.kind == Fault.LATE_LINE,
        FaultRow.motion_id.is_not(None),
    )
    return and_(
        Motion.merchant == merchant,
        Motion.settled_on.is_(None),
        Motion.day <= day,
        Motion.id.not_in(held_back),
    )


def _settle(tx: Session, merchant: str, day: date, now: datetime) -> FileRow:
    lines = _lines(tx, merchant, day)
    tx.execute(
        update(Motion)
        .where(_due(merchant, day))
        .values(settled_on=day)
        .execution_options(synchronize_session=False)
    )
    return _pay_out(tx, merchant, day, now, lines)


def _lines(tx: Session, merchant: str, day: date) -> list[Line]:
    """Everything that the file of `day` shows before its payout."""
    faults = list(
        tx.scalars(select(FaultRow).where(FaultRow.merchant == merchant, FaultRow.day == day))
    )
    of_motion = {fault.motion_id: fault for fault in faults if fault.motion_id is not None}
    due = select(Motion).where(_due(merchant, day)).order_by(Motion.event_at, Motion.id)
    lines = [
        line
        for motion in tx.scalars(due.execution_options(yield_per=1000))
        for line in shown(motion, of_motion.get(motion.id))
    ]
    return lines + [line for fault in faults for line in extra_lines(fault)]


def _pay_out(tx: Session, merchant: str, day: date, now: datetime, lines: list[Line]) -> FileRow:
    earned = sum(line.net for line in lines)
    whole = max(0, _carried(tx, merchant) + earned)
    payout = whole - _missing(tx, merchant, day, Fault.SHORT_PAYOUT, whole)
    if payout:
        lines.append(_payout_line(merchant, day, payout))
    left_over = earned - whole
    return _keep(tx, merchant, SETTLEMENT, day, now, lines, payout=payout, left_over=left_over)


def _carried(tx: Session, merchant: str) -> int:
    """What the files so far have left over."""
    balance = select(func.coalesce(func.sum(FileRow.left_over), 0))
    return int(tx.scalar(balance.where(FileRow.merchant == merchant)) or 0)


def _missing(tx: Session, merchant: str, day: date, kind: Fault, whole: int) -> int:
    """How much a fault of `kind` takes away from the payout `whole` of `day`."""
    fault = select(FaultRow.amount).where(
        FaultRow.merchant == merchant, FaultRow.day == day, FaultRow.kind == kind
    )
    amount = tx.scalar(fault) or 0
    return amount if amount < whole else 0


def payout_so_far(tx: Session, merchant: str, day: date) -> int:
    """What the file of `day`, which is not made yet, would pay out without a fault of the payout if it
    were made now, in dong."""
    return max(0, _carried(tx, merchant) + sum(line.net for line in _lines(tx, merchant, day)))


def batch_ref(merchant: str, day: date) -> str:
    """The name of a day's payout, which the bank repeats on the credit."""
    return f"SBX-B{day:%Y%m%d}-{short_ref(merchant, day)[:6]}"


def payout_ref(merchant: str, day: date) -> str:
    """The line reference of a day's payout in the settlement file of that day."""
    return f"SBX-L{day:%Y%m%d}-{short_ref(merchant, day)[:6]}"


def credit_ref(merchant: str, day: date) -> str:
    """The line reference of the credit in the bank file of `day`."""
    return f"FT{day:%y%m%d}{short_ref('bank', merchant, day)[:8]}"


def _payout_line(merchant: str, day: date, payout: int) -> Line:
    return Line(
        line_ref=payout_ref(merchant, day),
        kind="payout",
        order="",
        rail_ref=batch_ref(merchant, day),
        event_at=datetime.combine(day + DAY, time(0, 0), CITY_ZONE) - timedelta(seconds=1),
        gross=-payout,
        fee=0,
        text=f"Chi về ngày {day:%d/%m/%Y} (payout)",
    )


def _credit(merchant: str, day: date, payout: int) -> Line:
    batch = batch_ref(merchant, day - DAY)
    return Line(
        line_ref=credit_ref(merchant, day),
        kind="payout",
        order="",
        rail_ref=batch,
        event_at=datetime.combine(day, BANK_CREDITS_AT, CITY_ZONE),
        gross=payout,
        fee=0,
        text=f"VI THU chuyen tien {batch}",
    )


def _keep(
    tx: Session,
    merchant: str,
    kind: str,
    day: date,
    now: datetime,
    lines: Sequence[Line],
    *,
    payout: int,
    left_over: int,
) -> FileRow:
    content = render(f"sandbox-{kind}", merchant, day, now, lines)
    row = FileRow(
        merchant=merchant, kind=kind, day=day, payout=payout, left_over=left_over, content=content
    )
    tx.add(row)
    tx.flush()
    return row
