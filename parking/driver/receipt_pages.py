"""A receipt, to be read, printed or kept. Its link is as unguessable as the session's."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.driver.company_invoice import invoice_part
from parking.driver.links import local_link
from parking.driver.owed import Places, of_pass, of_session
from parking.driver.refund_way import bank_choices, ways_of
from parking.house import House
from parking.languages import explain
from parking.lots.models import Lot
from parking.lots.offers import label_of
from parking.passes.models import Pass
from parking.passes.paying import seller_of
from parking.receipts.service import number_text, receipt_by_token
from parking.receipts.vat import percent_of
from parking.sessions.models import ParkingSession
from parking.sessions.stays import stays_of
from parking.web.arrival_form import vehicle_name
from parking.web.language import reader_language
from parking.web.pass_links import local_pass_link
from payments.models import Payment
from payments.sharing import parts_of


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a receipt into `pages`."""

    @pages.get("/r/<token>")
    def receipt(token: str) -> ResponseReturnValue:
        return show(house, token)


@dataclass(frozen=True, slots=True)
class Problems:
    """What was wrong with the forms on the page, in the reader's language."""

    refund: str = ""
    invoice: str = ""


def show(
    house: House, token: str, problems: Problems = Problems(), status: int = 200
) -> ResponseReturnValue:
    """The page, with what was wrong with a form on it."""
    with house.databases.read() as tx:
        found = receipt_by_token(tx, token)
        payment = tx.get_one(Payment, found.payment_id)
        parts = _parts(tx, payment)
        subject = _subject(house, tx, payment)
        ways = ways_of(house, tx, [payment.id])
        company = invoice_part(tx, house.gateways.vault, subject.lot.operator, found)
    page = render_template(
        "driver/receipt.html",
        receipt=found,
        number=number_text(subject.lot.operator, found),
        percent=percent_of(found.vat_basis_points),
        session=subject.session,
        held=subject.held,
        lot=subject.lot,
        vehicle=vehicle_name(subject.vehicle_class),
        payment=payment,
        parts=parts,
        provider=label_of(house.gateways, payment),
        places=subject.places,
        ways=ways,
        token=token,
        banks=bank_choices(),
        company=company,
        said=lambda complaint: explain(complaint, reader_language()),
        problem=problems.refund,
        problems=problems,
        given=request.form,
    )
    return page, status


@dataclass(frozen=True, slots=True)
class _Subject:
    """What the receipt is for: a stay or a pass, the lot it was paid at, and where its page is."""

    session: ParkingSession | None
    held: Pass | None
    lot: Lot
    vehicle_class: str
    places: Places


def _subject(house: House, tx: Session, payment: Payment) -> _Subject:
    stays = stays_of(tx, [payment])[payment.id]
    if stays:
        session = stays[0]
        places = of_session(local_link(house, session))
        return _Subject(session, None, session.lot, session.vehicle_class, places)
    held = tx.scalars(select(Pass).where(Pass.reference == payment.reference)).one()
    places = of_pass(local_pass_link(house, held))
    return _Subject(None, held, seller_of(tx, held), held.vehicle_class, places)


def _parts(tx: Session, payment: Payment) -> list[tuple[str, str, int]]:
    """Plate, vehicle and amount of each stay, where the payment is for several."""
    stays = {stay.reference: stay for stay in stays_of(tx, [payment])[payment.id]}
    named = ((stays[part.reference], part.amount) for part in parts_of(tx, payment.id))
    return [(stay.plate, vehicle_name(stay.vehicle_class), amount) for stay, amount in named]
