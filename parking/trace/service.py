"""`trace`: one dong's whole way, from the sign to the seal, whichever end one holds.

Read-only. What a person may not see is answered as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.trace import files, money, proofs, publications, street
from parking.trace.keys import Found, find
from parking.trace.model import Stage, Step, Trace
from parking.trace.way import Way, follow, shares
from payments.errors import NotFound
from payments.models import MerchantAccount
from payments.provider import MovementKind


def trace(tx: Session, query: str, operator: str | None = None) -> Trace:
    """Follow the money `query` names: a parking session (id, token or plate), a payment (id or code,
    typed with spaces or without), a receipt (number or token), a transaction or batch reference of
    the provider or the bank, a statement line's own reference, or the id of any of these rows.

    With `operator` only that operator's money exists. Raises `NotFound` saying what is accepted.
    """
    found = find(tx, query)
    way = follow(tx, found) if found else None
    if found is None or way is None or not _visible(tx, way, operator):
        raise NotFound(
            mark(
                "Nothing is known by %(query)s. Accepted are: a payment code or id, a receipt number,"
                " a parking session id or plate, a transaction, batch or line reference."
            ),
            query=query.strip()[:60] or "—",
        )
    whole = _names_a_payout(way, found)
    return Trace(
        query=query.strip(),
        found=found.kind,
        codes=tuple(payment.code for payment in way.payments),
        steps=tuple(_steps(tx, way, whole)),
        shares=shares(tx, way.payouts) if whole else (),
    )


def _visible(tx: Session, way: Way, operator: str | None) -> bool:
    if operator is None:
        return True
    owners = select(MerchantAccount.operator).where(MerchantAccount.id.in_(way.accounts))
    return {*tx.scalars(owners), *(row.lot.operator.code for row in way.sessions)} == {operator}


def _names_a_payout(way: Way, found: Found) -> bool:
    return not way.lines and bool(way.payouts) and not found.sessions


def _steps(tx: Session, way: Way, whole: bool) -> Iterator[Step]:
    """Every step; `whole`: the query names a payout, so what it is made of counts, too."""
    yield from street.stays(tx, way.sessions)
    yield from street.passes(tx, way.payments)
    yield from _payments(tx, way)
    own = {payment.id for payment in way.payments}
    loose = [row for row in way.movements if way.belonging.get(row.id) not in own]
    bookings = [row for row in loose if row.kind == MovementKind.PAYOUT]
    yield from money.movements(tx, [row for row in loose if row not in bookings])
    yield from files.lines(tx, Stage.LINE, way.lines)
    yield from files.only_stated(tx, way.movements)
    yield from _unconfirmed(way)
    yield from files.breaks(tx, way.movements, (*way.lines, *way.payouts, *way.credits))
    yield from files.lines(tx, Stage.PAYOUT, way.payouts)
    yield from files.lines(tx, Stage.BANK, way.credits)
    arrived = {credit.rail_ref for credit in way.credits}
    yield from (files.missing_credit(row) for row in way.payouts if row.rail_ref not in arrived)
    yield from money.movements(tx, bookings)
    yield from files.totals(tx, way.payments, way.movements, way.belonging)
    yield from files.totals_behind(tx, way.payouts) if whole else ()
    recorded = publications.days_of(way.movements)
    behind = publications.days_behind(tx, way.payouts) if whole else ()
    yield from publications.published(tx, [*recorded, *behind], recorded)
    yield from proofs.certificates(tx, way.movements)
    yield from proofs.seals(tx, way.movements)


def _payments(tx: Session, way: Way) -> Iterator[Step]:
    """Each payment's own story: offers, attempt, shares, notices, movements, receipt, refunds."""
    offers, receipts = street.quotes(tx, way.payments), street.receipts(tx, way.payments)
    shared = street.shares(tx, way.payments)
    said, back = money.notices(tx, way.payments), money.refunds(tx, way.payments)
    for payment in way.payments:
        yield from offers[payment.id]
        yield money.payment(payment)
        yield from shared.get(payment.id, ())
        yield from said.get(payment.id, ())
        moved = [row for row in way.movements if way.belonging.get(row.id) == payment.id]
        yield from money.movements(tx, moved)
        if payment.id in receipts:
            yield receipts[payment.id]
        yield from back.get(payment.id, ())


def _unconfirmed(way: Way) -> Iterator[Step]:
    """Says so where money was received and no file of the provider speaks of it."""
    told = {line.rail_ref for line in way.lines} | {line.order_code for line in way.lines}
    codes = {payment.id: payment.code for payment in way.payments}
    for row in way.movements:
        known = row.rail_ref in told or codes.get(way.belonging.get(row.id, row.id)) in told
        if row.kind == MovementKind.RECEIPT and not known:
            yield files.missing_line(row.book_day)
