"""Closed days: nothing came to them after they were certified, and their certificates are what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from payments.book_days import CLOSED, CLOSING, BookDay
from payments.models import MerchantAccount, Movement, Transfer
from reconciliation.closing.certificates import decode, encode, figures_in
from reconciliation.closing.figures import RECORDED, changes, recorded
from reconciliation.closing.models import Certificate, Closing
from reconciliation.proofs.violation import Violation
from reconciliation.seals.models import Seal
from reconciliation.sides import Rows

_SAME_DAY = and_(Closing.operator == BookDay.operator, Closing.day == BookDay.day)
_CERTIFIED = and_(Certificate.id == Closing.certificate_id, Closing.state == CLOSED)


def book_days_have_their_closing(tx: Session) -> Iterator[Violation]:
    """A day that takes no rows has an attempt to close it in the same state, and the other way round;
    a closed one has its certificate."""
    rule = "book_days_have_their_closing"
    standing = and_(_SAME_DAY, Closing.state == BookDay.state)
    alone: Rows = (
        select(BookDay.operator, BookDay.day, BookDay.state)
        .outerjoin(Closing, standing)
        .where(or_(Closing.id.is_(None), and_(BookDay.state == CLOSED, Certificate.id.is_(None))))
        .outerjoin(Certificate, Certificate.id == Closing.certificate_id)
    )
    for operator, day, state in tx.execute(alone):
        yield Violation(rule, f"book_day {operator} {day}", f"{state} without its closing")
    taking: Rows = (
        select(Closing.operator, Closing.day, Closing.state)
        .outerjoin(BookDay, standing)
        .where(Closing.state.in_((CLOSED, CLOSING)), BookDay.day.is_(None))
    )
    for operator, day, state in tx.execute(taking):
        yield Violation(rule, f"closing {operator} {day}", f"{state}, but the day takes rows")


def closed_days_stay_closed(tx: Session) -> Iterator[Violation]:
    """No movement and no transfer of a closed day was recorded after it was certified."""
    rule = "closed_days_stay_closed"
    closed = (
        select(Closing.operator, Closing.day, Certificate.closed_at)
        .join(Certificate, _CERTIFIED)
        .subquery()
    )
    moved: Rows = (
        select(Movement.id, Movement.book_day, closed.c.closed_at)
        .join(MerchantAccount, MerchantAccount.id == Movement.account_id)
        .join(
            closed,
            and_(closed.c.operator == MerchantAccount.operator, closed.c.day == Movement.book_day),
        )
        .where(Movement.recorded_at > closed.c.closed_at)
    )
    booked: Rows = (
        select(Transfer.id, Transfer.book_day, closed.c.closed_at)
        .join(
            closed,
            and_(closed.c.operator == Transfer.operator, closed.c.day == Transfer.book_day),
        )
        .where(Transfer.recorded_at > closed.c.closed_at)
    )
    for kind, late in (("movement", moved), ("transfer", booked)):
        for row, day, at in tx.execute(late):
            found = f"booked on {day}, which was closed at {at.isoformat()}"
            yield Violation(rule, f"{kind} {row}", found)


def certificates_equal_their_rows(tx: Session) -> Iterator[Violation]:
    """What is certified of a closed day is what its movements make."""
    rule = "certificates_equal_their_rows"
    certified = select(Certificate).join(Closing, _CERTIFIED).order_by(Certificate.id)
    for row in tx.scalars(certified).all():
        truth = recorded(tx, row.operator, row.day, row.closed_at)
        for off in changes(figures_in(decode(row)), truth, RECORDED):
            part = f"{off.part.account} {off.part.cost_centre} {off.part.product}".rstrip()
            found = f"{part}: {off.figure} certified {off.was}, the rows make {off.now}"
            yield Violation(rule, _name(row), found)


def certificates_form_a_chain(tx: Session) -> Iterator[Violation]:
    """Each certificate has the bytes it was made with, says the same as its row, follows on the
    operator's one before it, and knew a seal that still stands."""
    before: dict[str, Certificate] = {}
    rows = select(Certificate).order_by(Certificate.operator, Certificate.number)
    for row in tx.scalars(rows).all():
        for wrong in _wrong(tx, row, before.get(row.operator)):
            yield Violation("certificates_form_a_chain", _name(row), wrong)
        before[row.operator] = row


def _wrong(tx: Session, row: Certificate, before: Certificate | None) -> Iterator[str]:
    if hashlib.sha256(row.body).hexdigest() != row.sha256:
        yield "other bytes than it was made with"
        return
    content = decode(row)
    names = ("operator", "number", "revision", "previous")
    stated = {name: content[name] for name in names} | {"day": content["day"]}
    said = {name: getattr(row, name) for name in names} | {"day": row.day.isoformat()}
    if stated != said or encode(content) != row.body:
        yield "says something else than its row"
    if row.number != (before.number + 1 if before else 1):
        yield f"follows on number {before.number if before else 0}"
    if row.previous != (before.sha256 if before else None):
        yield "names another certificate before it than there is"
    seal = content["seal"]
    known = select(Seal.digest).where(Seal.number == seal["number"])
    if seal["number"] and tx.scalar(known) != seal["digest"]:
        yield f"knew another seal {seal['number']} than there is"


def _name(row: Certificate) -> str:
    return f"certificate {row.operator} {row.day} revision {row.revision}"
