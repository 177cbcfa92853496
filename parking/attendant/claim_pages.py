"""“Transferred, waiting for the bank” at the barrier: let out in one tap, note it, take it back, and
everything that still waits at one's own lots."""

from __future__ import annotations

import uuid
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.attendant.check_pages import carry_out
from parking.attendant.custody import proof_of
from parking.attendant.feeds import late_feeds
from parking.attendant.own import own_lots
from parking.house import House
from parking.people.badge import Badge
from parking.people.guard import the_badge
from parking.sessions import claims
from parking.sessions.claim_queue import waiting_claims
from parking.sessions.exits import Leaving
from parking.sessions.models import ParkingSession
from parking.web.actors import names_of


def add(pages: Blueprint, house: House) -> None:
    """Put the list, and what is done on the check screen, into `pages`."""

    @pages.get("/claims")
    def claims_waiting() -> ResponseReturnValue:
        return _list(house)

    @pages.post("/sessions/<uuid:session_id>/release")
    def release(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            proof = proof_of(house, tx, tx.get_one(ParkingSession, own), request.form)
            claims.release(tx, house.tariffs, own, Leaving(badge.actor, now, proof), now)

        return carry_out(house, session_id, act, then=url_for("attendant.vehicles"))

    @pages.post("/sessions/<uuid:session_id>/claim")
    def claim_transfer(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            reference = request.form.get("reference", "")
            claims.claim(tx, house.tariffs, own, badge.actor, reference, now)

        return carry_out(house, session_id, act)

    @pages.post("/sessions/<uuid:session_id>/withdraw-claim")
    def withdraw_claim(session_id: uuid.UUID) -> ResponseReturnValue:
        def act(tx: Session, own: uuid.UUID, badge: Badge, now: datetime) -> None:
            claims.withdraw(tx, own, badge.actor, now)

        return carry_out(house, session_id, act)


def _list(house: House) -> ResponseReturnValue:
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        lots = own_lots(tx, badge)
        found = waiting_claims(tx, now, ParkingSession.lot_id.in_([lot.id for lot in lots]))
        actors = {row.claim.claimed_by for row in found}
        names = names_of(tx, actors | {row.claim.released_by or "" for row in found})
        late = late_feeds(house, tx, lots, now)
    return render_template("attendant/claims.html", found=found, names=names, now=now, late=late)
