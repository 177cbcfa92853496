"""The code an attendant holds out to a driver who has not paid.

Where the lot's first way to pay is a bank transfer, it is made here and its VietQR code shown: the
driver scans it with the bank's application and is done, whose phone never opens a page of ours. Else
the code is the link of the parking session, and the driver chooses there. Without a signal the screen
shows the lot's own sign, which it keeps: the driver types the plate and finds the same session.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Blueprint, Response, jsonify, request
from sqlalchemy.orm import Session

from parking.attendant.own import own_lot
from parking.house import House
from parking.journey import Journey
from parking.lots.offers import Way, ways_at
from parking.people.guard import the_badge
from parking.sessions.due import Standing, standing
from parking.sessions.lane_facts import inside_by_key
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import pay
from parking.sessions.transfers import transfer_of
from parking.web.language import say
from payments.errors import NotFound
from payments.models import Payment
from payments.provider import BankTransfer
from qr import image
from qr.banks import banks
from qr.links import session_link


def add(pages: Blueprint, house: House) -> None:
    """Put the driver's code into `pages`."""

    @pages.post("/lane/<number>/code")
    def lane_code(number: str) -> Response:
        now, key = house.clock(), request.form.get("key", "")
        with house.databases.read() as tx:
            session = _inside(tx, own_lot(tx, the_badge(), number).id, key)
            current = standing(tx, house.tariffs, session, now)
            way = _transfer_way(house, tx, current, now)
        if current.settled:
            return jsonify(kind="settled")
        payment = _transfer(house, session, way, now) if way else None
        transfer = transfer_of(payment) if payment else None
        if payment and transfer:
            return jsonify(_transfer_told(payment, transfer))
        return jsonify(_link_told(house, current))


def _inside(tx: Session, lot_id: uuid.UUID, key: str) -> ParkingSession:
    """The one session the lane knows by `key`. Raises `NotFound`, also rather than choose of two."""
    found = inside_by_key(tx, lot_id, [key])
    if len(found) != 1:
        raise NotFound("There is no such parking session.")
    return tx.get_one(ParkingSession, found[0])


def _transfer_way(house: House, tx: Session, current: Standing, now: datetime) -> Way | None:
    """The lot's first way to pay what is due, if it is a bank transfer."""
    lot, currency = current.session.lot, current.price.currency
    ways = ways_at(tx, house.gateways, lot, current.due, currency, now)
    first = ways[0] if ways else None
    if first is None:
        return None
    rail = house.gateways.registry[first.account.provider]
    return first if rail.capabilities.transfers else None


def _transfer(house: House, session: ParkingSession, way: Way, now: datetime) -> Payment:
    """The open payment by this way, made if there is none; two attendants get the same."""
    base = house.config.public_url
    journey = Journey(base, session_link(house.keys, base, session.token))
    return pay(
        house.databases.write, house.gateways, house.tariffs, session.id, way.account, journey, now,
        method=way.method,
    )  # fmt: skip


def _transfer_told(payment: Payment, transfer: BankTransfer) -> dict[str, object]:
    known = banks().get(transfer.bank)
    return {
        "kind": "transfer",
        "svg": image.svg(transfer.payload),
        "amount": payment.amount,
        "payee": transfer.holder,
        "bank": known.short_name if known else say("Bank number %(bin)s", bin=transfer.bank),
        "until": round(payment.expires_at.timestamp() * 1000),
    }


def _link_told(house: House, current: Standing) -> dict[str, object]:
    link = session_link(house.keys, house.config.public_url, current.session.token)
    return {"kind": "link", "svg": image.svg(link), "amount": current.due}
