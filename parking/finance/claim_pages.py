"""The ageing queue of transfers that somebody vouched for and no bank has told of."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import true
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import explain, mark
from parking.lots.models import Lot, Operator
from parking.people.guard import the_badge
from parking.sessions.claim_queue import Waiting, by_lot_and_attendant, waiting_claims
from parking.sessions.claims import close_unpaid
from parking.sessions.models import ParkingSession, TransferClaim
from parking.web.actors import names_of
from parking.web.language import reader_language
from payments.accounts import live_accounts
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.silence import Silence, silences

#: What the age groups of `parking.sessions.claim_queue.AGES` are called.
GROUPS = (
    mark("0–1 days"),
    mark("2–3 days"),
    mark("4–7 days"),
    mark("8–30 days"),
    mark("over 30 days"),
)
#: Nobody reads more at once; the oldest are shown first, and all are counted.
PAGE = 100


@dataclass(frozen=True, slots=True)
class AtTheBank:
    """What the first page of finance says: how much waits, and which feeds have gone silent."""

    count: int
    total: int
    late: Sequence[Silence]


def add(pages: Blueprint, house: House) -> None:
    """Put the queue into `pages`."""

    @pages.get("/claims")
    def claims() -> ResponseReturnValue:
        return _show(house)

    @pages.post("/claims/<uuid:claim_id>/close")
    def close_claim(claim_id: uuid.UUID) -> ResponseReturnValue:
        return _close(house, claim_id)


def at_the_bank(house: House, tx: Session, operator: str | None, now: datetime) -> AtTheBank:
    """The numbers of one operator or of all."""
    found = _own(tx, operator, now)
    late = silences(tx, house.gateways, live_accounts(tx, operator), now)
    return AtTheBank(len(found), sum(row.claim.amount for row in found), late)


def _own(tx: Session, operator: str | None, now: datetime) -> Sequence[Waiting]:
    mine = Lot.operator.has(Operator.code == operator) if operator is not None else true()
    return waiting_claims(tx, now, mine)


def _show(
    house: House, error: Complaint | None = None, wanted: uuid.UUID | None = None
) -> ResponseReturnValue:
    """The page; `error` says what was wrong with the form of the claim `wanted`."""
    badge, now = the_badge(), house.clock()
    with house.databases.read() as tx:
        found = _own(tx, badge.operator, now)
        late = silences(tx, house.gateways, live_accounts(tx, badge.operator), now)
        actors = {row.claim.claimed_by for row in found}
        names = names_of(tx, actors | {row.claim.released_by or "" for row in found})
    page = render_template(
        "finance/claims.html",
        groups=GROUPS,
        rows=by_lot_and_attendant(found),
        found=found[:PAGE],
        hidden=max(0, len(found) - PAGE),
        names=names,
        late=late,
        may_close=badge.role == "finance",
        problem=explain(error, reader_language()) if error else "",
        wanted=wanted,
        given=request.form,
    )
    return page, error.http_status if error else 200


def _close(house: House, claim_id: uuid.UUID) -> ResponseReturnValue:
    badge, reason = the_badge(), request.form.get("reason", "")
    with house.databases.read() as tx:
        _check_own(tx, claim_id, badge.operator)
    try:
        with house.databases.write.begin() as tx:
            close_unpaid(tx, claim_id, reason, badge.actor, house.clock())
    except (WrongUsage, Conflict) as error:
        return _show(house, error, claim_id)
    return redirect(url_for("finance.claims"), 303)


def _check_own(tx: Session, claim_id: uuid.UUID, operator: str | None) -> None:
    """Raises `NotFound` for a claim of another operator's lot, and for none."""
    claim = tx.get(TransferClaim, claim_id)
    session = tx.get_one(ParkingSession, claim.session_id) if claim else None
    if session is None or operator not in (None, session.lot.operator.code):
        raise NotFound("There is no such announced transfer.")
