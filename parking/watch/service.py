"""Headcounts: what an inspector counted, beside what was open in the books at that moment."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from parking.lots.models import Lot
from parking.lots.service import with_tariffs
from parking.sessions.models import ParkingSession
from parking.watch.models import Headcount
from parking.watch.tally import LotIds
from payments import audit
from payments.errors import NotFound, WrongUsage

#: More vehicles of one class stand in no lot of the city.
MOST = 9_999
LONGEST_NOTE = 300


@dataclass(frozen=True, slots=True)
class Look:
    """One walk through a lot: the rows of one person and moment."""

    at: datetime
    by: str
    note: str
    rows: Sequence[Headcount]

    @property
    def counted(self) -> int:
        return sum(row.counted for row in self.rows)

    @property
    def open_then(self) -> int:
        return sum(row.open_then for row in self.rows)

    @property
    def difference(self) -> int:
        """Vehicles that stood there and were in no book; below zero, the other way round."""
        return self.counted - self.open_then

    @property
    def percent(self) -> int:
        """The difference in hundredths of what was counted, or of the books where nothing was."""
        return 100 * self.difference // (self.counted or self.open_then or 1)


def watched_lots(tx: Session, operator_id: uuid.UUID | None) -> list[Lot]:
    """The lots somebody of this operator (None: of the city) watches over, closed ones excluded."""
    query = select(Lot).where(Lot.id.in_(watched_ids(operator_id)))
    return list(tx.scalars(query.order_by(Lot.number)))


def watched_ids(operator_id: uuid.UUID | None, number: str | None = None) -> LotIds:
    """Their ids (only that of the lot `number`), as a question inside other questions: a city has more
    lots than a statement may have values."""
    lot = aliased(Lot)
    query = select(lot.id).where(lot.closed_at.is_(None))
    if operator_id is not None:
        query = query.where(lot.operator_id == operator_id)
    return query if number is None else query.where(lot.number == number)


def watched_lot(tx: Session, operator_id: uuid.UUID | None, number: str) -> Lot:
    """One of them, with the classes it takes. Raises `NotFound`, the same for another operator's lot
    and for none at all."""
    found = tx.scalar(with_tariffs().where(Lot.id.in_(watched_ids(operator_id, number))))
    if found is None:
        raise NotFound("There is no lot %(lot)s.", lot=number)
    return found


def read_counts(lot: Lot, given: Mapping[str, str]) -> dict[str, int]:
    """Vehicle class → count, of the classes `lot` takes; what was left empty was not counted.

    Raises `WrongUsage` for what is no number, and when nothing was counted.
    """
    counts = {}
    for row in lot.tariffs:
        text = given.get(row.vehicle_class, "").strip()
        if not text:
            continue
        if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > MOST:
            raise WrongUsage(
                "%(count)s is not a count; write a number from 0 to %(most)s.",
                count=text[:20],
                most=MOST,
            )
        counts[row.vehicle_class] = int(text)
    if not counts:
        raise WrongUsage("Please enter a count for at least one kind of vehicle.")
    return counts


def record(
    tx: Session, lot: Lot, counts: Mapping[str, int], note: str, actor: str, now: datetime
) -> Look:
    """Write down what `actor` counted now, class by class, with what was open in the books.

    Raises `WrongUsage` for an endless note.
    """
    words = " ".join(note.split())
    if len(words) > LONGEST_NOTE:
        raise WrongUsage("A note has at most %(longest)s characters.", longest=LONGEST_NOTE)
    books = _open_by_class(tx, lot)
    rows = [
        Headcount(
            lot_id=lot.id, vehicle_class=vehicle, counted=counted, open_then=books.get(vehicle, 0),
            note=words, by=actor, at=now,
        )
        for vehicle, counted in counts.items()
    ]  # fmt: skip
    tx.add_all(rows)
    detail: dict[str, object] = {
        "counted": dict(counts),
        "open": {r: books.get(r, 0) for r in counts},
    }
    audit.append(tx, actor, "headcount.record", f"lot:{lot.number}", detail, now)
    return Look(now, actor, words, rows)


def _open_by_class(tx: Session, lot: Lot) -> dict[str, int]:
    stay = ParkingSession
    rows = tx.execute(
        select(stay.vehicle_class, func.count())
        .where(stay.lot_id == lot.id, stay.exit_at.is_(None))
        .group_by(stay.vehicle_class)
    )
    return {row.vehicle_class: row[1] for row in rows}


def looks(tx: Session, lot: Lot, most: int) -> list[Look]:
    """The last rows of a lot, at most `most` of them, as walks, the newest first."""
    rows = tx.scalars(
        select(Headcount)
        .where(Headcount.lot_id == lot.id)
        .order_by(Headcount.at.desc(), Headcount.vehicle_class)
        .limit(most)
    )
    return _walks(rows)


def _walks(rows: Iterable[Headcount]) -> list[Look]:
    walks: dict[tuple[uuid.UUID, datetime, str], list[Headcount]] = {}
    for row in rows:
        walks.setdefault((row.lot_id, row.at, row.by), []).append(row)
    return [Look(at, by, found[0].note, found) for (_, at, by), found in walks.items()]


def last_looks(tx: Session, lots: LotIds) -> dict[uuid.UUID, Look]:
    """The last walk through each of `lots` that had one."""
    last = (
        select(Headcount.lot_id, func.max(Headcount.at).label("at"))
        .where(Headcount.lot_id.in_(lots))
        .group_by(Headcount.lot_id)
        .subquery()
    )
    rows = tx.scalars(
        select(Headcount).join(
            last, and_(last.c.lot_id == Headcount.lot_id, last.c.at == Headcount.at)
        )
    )
    return {look.rows[0].lot_id: look for look in _walks(rows)}


def look_of(tx: Session, lot: Lot, row_id: uuid.UUID, actor: str) -> Look:
    """The walk that this row of `actor` belongs to. Raises `NotFound`."""
    row = tx.get(Headcount, row_id)
    if row is None or row.lot_id != lot.id or row.by != actor:
        raise NotFound("There is no such count.")
    rows = tx.scalars(
        select(Headcount)
        .where(Headcount.lot_id == lot.id, Headcount.at == row.at, Headcount.by == actor)
        .order_by(Headcount.vehicle_class)
    )
    return _walks(rows)[0]
