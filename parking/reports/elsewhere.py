"""What other systems say they collected, day by day: shown beside our figure, added to nothing.

Cars pay by their toll tag through two other companies, and their totals reach the city by their own lists.
Nobody has proven them, so they are called “reported, unverified” wherever they stand.
"""

from __future__ import annotations

import csv
import hashlib
import io
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, insert, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, Session, mapped_column

from parking.languages import mark
from parking.reports.columns import count, money, totals
from parking.sessions.states import FIGURE_CLASSES
from payments import audit
from payments.db import Base, business_day, new_id
from payments.errors import WrongUsage
from payments.money import LARGEST
from reconciliation.reports.period import Period
from reconciliation.reports.table import Column, Kind, Row, Table

#: Tables of this file whose rows may never change.
APPEND_ONLY = ("reported_total",)

#: Bytes of the largest list: ten years of two companies and every class have less.
LARGEST_LIST = 4 * 1024 * 1024
#: Columns of a list, by the headings people give them.
HEADINGS = {
    "source": ("source", "nguồn", "đơn vị"),
    "day": ("day", "ngày"),
    "vehicle_class": ("vehicle_class", "loại xe"),
    "count": ("count", "số lượt"),
    "amount": ("amount", "số tiền"),
}

SOURCE = Column("source", mark("Reported by"))
VEHICLE = Column("vehicle_class", mark("Vehicle class"), Kind.WORD, words=FIGURE_CLASSES)
COLUMNS = (
    SOURCE,
    VEHICLE,
    Column("first", mark("First day"), Kind.DATE),
    Column("last", mark("Last day"), Kind.DATE),
    count("reported_count", mark("Reported payments")),
    money("reported_amount", mark("Reported amount")),
)


class ReportedTotal(Base):
    """What `source` says it collected on `day` for a vehicle class, in dong, from line `line` of a list
    that somebody handed in. The latest word about the same day counts. Append-only."""

    __tablename__ = "reported_total"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    source: Mapped[str]
    day: Mapped[date]
    vehicle_class: Mapped[str]
    count: Mapped[int]
    amount: Mapped[int]
    name: Mapped[str]
    sha256: Mapped[str]
    line: Mapped[int]
    handed_in_by: Mapped[str]
    handed_in_at: Mapped[datetime]

    __table_args__ = (
        CheckConstraint("count >= 0 AND amount >= 0", name="not_negative"),
        Index("ix_reported_total_day", "day", "source", "vehicle_class"),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    source: str
    day: date
    vehicle_class: str
    count: int
    amount: int
    line: int


def take_in(tx: Session, name: str, raw: bytes, actor: str, now: datetime) -> int:
    """Keep the totals of a list (CSV with the columns of `HEADINGS`, UTF-8); how many lines.

    The same bytes again change nothing. Raises `WrongUsage` naming the line and what would be right;
    then nothing of the list is kept.
    """
    told = list(_read(raw, business_day(now)))
    digest = hashlib.sha256(raw).hexdigest()
    known = select(ReportedTotal.id).where(ReportedTotal.sha256 == digest).limit(1)
    if tx.scalar(known) is not None:
        return 0
    rows = [
        {
            "id": new_id(), "source": one.source, "day": one.day,
            "vehicle_class": one.vehicle_class, "count": one.count, "amount": one.amount,
            "name": name, "sha256": digest, "line": one.line, "handed_in_by": actor,
            "handed_in_at": now,
        }
        for one in told
    ]  # fmt: skip
    tx.execute(insert(ReportedTotal), rows)
    detail: dict[str, object] = {"file": name, "sha256": digest, "lines": len(rows)}
    audit.append(tx, actor, "reported.take_in", name, detail, now)
    return len(rows)


def _read(raw: bytes, today: date) -> Iterator[_Told]:
    if len(raw) > LARGEST_LIST:
        raise WrongUsage(
            mark("The list has more than %(most)s bytes; hand in shorter ones."), most=LARGEST_LIST
        )
    try:
        lines = csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))
    except UnicodeDecodeError as error:
        raise WrongUsage(mark("The list is not written in UTF-8.")) from error
    places = _places(lines.fieldnames or ())
    seen: dict[tuple[str, date, str], int] = {}
    for line in lines:
        told = _line(line, places, lines.line_num, today)
        key = (told.source, told.day, told.vehicle_class)
        if key in seen:
            raise WrongUsage(
                mark("Line %(line)s says again what line %(before)s says."),
                line=told.line, before=seen[key],
            )  # fmt: skip
        seen[key] = told.line
        yield told
    if not seen:
        raise WrongUsage(mark("The list has no line."))


def _places(found: object) -> Mapping[str, str]:
    headings = {str(name).strip().lower(): str(name) for name in found}  # type: ignore[attr-defined]
    places = {
        key: headings[word] for key, words in HEADINGS.items() for word in words if word in headings
    }
    if missing := [words[-1] for key, words in HEADINGS.items() if key not in places]:
        raise WrongUsage(
            mark("The list has no column %(missing)s; it needs %(needed)s."),
            missing=", ".join(missing), needed=", ".join(words[0] for words in HEADINGS.values()),
        )  # fmt: skip
    return places


def _line(
    line: Mapping[str, str | None], places: Mapping[str, str], number: int, today: date
) -> _Told:
    cells = {key: (line.get(place) or "").strip() for key, place in places.items()}
    try:
        day = date.fromisoformat(cells["day"])
        counted, amount = int(cells["count"]), int(cells["amount"])
    except ValueError as error:
        raise WrongUsage(
            mark(
                "Line %(line)s cannot be read: the day is written as 2026-11-20, count and amount as"
                " whole numbers without separators."
            ),
            line=number,
        ) from error
    told = _Told(cells["source"], day, cells["vehicle_class"], counted, amount, number)
    if not told.source or told.vehicle_class not in FIGURE_CLASSES:
        raise WrongUsage(
            mark("Line %(line)s needs who reports and one of these classes: %(classes)s."),
            line=number, classes=", ".join(FIGURE_CLASSES),
        )  # fmt: skip
    if day > today or not 0 <= counted <= LARGEST or not 0 <= amount <= LARGEST:
        raise WrongUsage(
            mark("Line %(line)s tells of the future or of an amount that cannot be."), line=number
        )
    return told


def reported(tx: Session, period: Period) -> Table:
    """What others reported for the period, by source and vehicle class: of each day the latest word."""
    latest = (
        select(
            ReportedTotal,
            sql.row_number()
            .over(
                partition_by=(ReportedTotal.source, ReportedTotal.day, ReportedTotal.vehicle_class),
                order_by=ReportedTotal.id.desc(),
            )
            .label("nth"),
        )
        .where(period.within(ReportedTotal.day))
        .subquery()
    )
    query = (
        select(
            latest.c.source, latest.c.vehicle_class, sql.min(latest.c.day), sql.max(latest.c.day),
            sql.sum(latest.c.count), sql.sum(latest.c.amount),
        )
        .where(latest.c.nth == 1)
        .group_by(latest.c.source, latest.c.vehicle_class)
        .order_by(latest.c.source, latest.c.vehicle_class)
    )  # fmt: skip
    rows: list[Row] = (
        [(*row[:4], int(row[4]), int(row[5])) for row in tx.execute(query)]
        if period.operator is None
        else []
    )
    title = mark("Reported by other systems, unverified, not part of the figure")
    return Table(
        "reported", title, COLUMNS, rows, totals(COLUMNS, rows), ("source", "vehicle_class")
    )
