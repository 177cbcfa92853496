"""Steps on the street: the sign at the lot, the stay, the price that was offered, the receipt."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.lots.models import Operator, Sign
from parking.passes.models import Pass
from parking.receipts.models import Receipt
from parking.receipts.service import number_text
from parking.sessions.models import UNRECORDED, ParkingSession, Quote, quotes_of
from parking.trace.model import Stage, Step
from payments.models import Payment
from payments.sharing import Allocation, share


def stays(tx: Session, sessions: Iterable[ParkingSession]) -> Iterator[Step]:
    """Each stay, after the sign its driver scanned."""
    for session in sessions:
        yield _sign(tx, session)
        yield _entry(session)
        if session.exit_at is not None:
            yield _exit(session)


def _sign(tx: Session, session: ParkingSession) -> Step:
    lot = session.lot
    sign = tx.get(Sign, session.sign_id) if session.sign_id else None
    return Step(
        Stage.SIGN,
        mark("Scanned the sign of lot %(lot)s · %(name)s")
        if sign
        else mark("Lot %(lot)s · %(name)s, without scanning its sign"),
        f"{lot.number}-{sign.version}" if sign else lot.number,
        {"lot": lot.number, "name": lot.name},
        at=session.created_at if sign else None,
        by=lot.operator.legal_name,
        id=sign.id if sign else lot.id,
    )


def _entry(session: ParkingSession) -> Step:
    return Step(
        Stage.SESSION,
        mark("%(plate)s entered (time declared by the driver)")
        if session.declared
        else mark("%(plate)s entered"),
        session.reference,
        {"plate": session.plate},
        at=session.entry_at,
        recorded_at=session.created_at,
        by=session.opened_by,
        id=session.id,
    )


def _exit(session: ParkingSession) -> Step:
    return Step(
        Stage.SESSION,
        mark("Nobody recorded when %(plate)s left; ended by the tariff's rule")
        if session.exit_kind == UNRECORDED
        else mark("%(plate)s left"),
        session.reference,
        {"plate": session.plate},
        at=session.exit_at,
        by=session.exit_by or "",
        id=session.id,
    )


def passes(tx: Session, payments: Iterable[Payment]) -> Iterator[Step]:
    """Each monthly pass that these payments are for."""
    references = {payment.reference for payment in payments}
    rows = tx.scalars(select(Pass).where(Pass.reference.in_(references)).order_by(Pass.number))
    for held in rows:
        yield Step(
            Stage.SESSION,
            mark("Pass %(number)s from %(since)s to %(until)s"),
            held.reference,
            {
                "number": held.number,
                "since": f"{held.since:%d/%m/%Y}",
                "until": f"{held.until:%d/%m/%Y}",
            },
            at=held.sold_at,
            by=held.sold_by,
            amount=held.price,
            currency=held.currency,
            id=held.id,
        )


def quotes(tx: Session, payments: Iterable[Payment]) -> dict[uuid.UUID, list[Step]]:
    """Payment id → the offers it took up."""
    taken = {payment.id: quotes_of(payment.intent) for payment in payments}
    wanted = {quote for quotes in taken.values() for quote in quotes}
    offers = {
        offer.id: _quote(offer) for offer in tx.scalars(select(Quote).where(Quote.id.in_(wanted)))
    }
    return {
        payment: [offers[quote] for quote in quotes if quote in offers]
        for payment, quotes in taken.items()
    }


def shares(tx: Session, payments: Iterable[Payment]) -> dict[uuid.UUID, list[Step]]:
    """Payment id → what of it is for which stay, where it is for several."""
    found: dict[uuid.UUID, list[Step]] = {}
    rows = tx.execute(
        select(Allocation, Payment.currency, share(), ParkingSession.plate, ParkingSession.id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .join(ParkingSession, ParkingSession.reference == Allocation.reference)
        .where(Allocation.payment_id.in_([payment.id for payment in payments]))
        .order_by(Allocation.payment_id, Allocation.position)
    )
    for part, currency, kept, plate, session_id in rows:
        step = Step(
            Stage.PAYMENT,
            mark("Of this, for %(plate)s"),
            part.reference,
            {"plate": plate},
            amount=part.amount,
            currency=currency,
            figures={"received": int(kept)} if kept != part.amount else {},
            id=session_id,
        )
        found.setdefault(part.payment_id, []).append(step)
    return found


def _quote(offer: Quote) -> Step:
    return Step(
        Stage.QUOTE,
        mark("Price offered by tariff %(tariff)s, version %(version)s"),
        f"quote:{offer.id}",
        {"tariff": offer.tariff_code, "version": offer.tariff_version},
        at=offer.priced_at,
        recorded_at=offer.created_at,
        amount=offer.amount,
        currency=offer.currency,
        figures={"price": offer.price},
        id=offer.id,
    )


def receipts(tx: Session, payments: Iterable[Payment]) -> dict[uuid.UUID, Step]:
    """Payment id → its receipt."""
    ids = [payment.id for payment in payments]
    rows = tx.execute(
        select(Receipt, Operator)
        .join(Operator, Operator.id == Receipt.operator_id)
        .where(Receipt.payment_id.in_(ids))
    )
    return {receipt.payment_id: _receipt(receipt, operator) for receipt, operator in rows}


def _receipt(receipt: Receipt, operator: Operator) -> Step:
    return Step(
        Stage.RECEIPT,
        mark("Receipt issued"),
        number_text(operator, receipt),
        at=receipt.tax_point,
        recorded_at=receipt.issued_at,
        amount=receipt.gross,
        currency=receipt.currency,
        figures={"before_vat": receipt.net, "vat": receipt.vat},
        id=receipt.id,
    )
