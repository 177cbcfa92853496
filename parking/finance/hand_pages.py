"""Pairing by hand on the page of a difference, and taking a pair apart: alone, or by two."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from parking.finance.break_pages import show_break
from parking.finance.pairing import pair_named, pairing_of
from parking.finance.sides import Sides, sides_of
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.web.language import reader_language
from payments.errors import Conflict, NotFound
from reconciliation.rules.agreeing import approve, pair, refuse, take_apart
from reconciliation.rules.by_hand import Deed

#: What is done to a proposal, by the name of its button.
DECISIONS = {"approve": approve, "refuse": refuse}


def add(pages: Blueprint, house: House) -> None:
    """Put both acts into `pages`."""

    @pages.post("/break/<uuid:break_id>/pair")
    def pair_by_hand(break_id: uuid.UUID) -> ResponseReturnValue:
        return _act(house, break_id)


def _act(house: House, break_id: uuid.UUID) -> ResponseReturnValue:
    badge = the_badge()
    deed = Deed(badge.actor, house.config.break_approval_above, house.clock())
    with house.databases.read() as tx:
        sides_of(tx, break_id, badge.operator)
    try:
        with house.databases.write.begin() as tx:
            _do(tx, sides_of(tx, break_id, badge.operator), deed)
    except (Conflict, NotFound) as error:
        return show_break(house, break_id, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.difference", break_id=break_id), 303)


def _do(tx: Session, sides: Sides, deed: Deed) -> None:
    """What the form asks for, judged by what stands here now: decide what somebody proposed, take the
    pair apart, or pair with the reference that was named."""
    pairing, act = pairing_of(tx, sides), request.form.get("act", "")
    if act in DECISIONS:
        if pairing.asked is None:
            raise Conflict("Nothing waits for approval here.")
        DECISIONS[act](tx, pairing.asked.proposal.id, deed)
    elif pairing.apart is not None:
        take_apart(tx, pairing.apart, deed)
    else:
        reference = request.form.get("reference", "").strip()
        pair(tx, *pair_named(tx, sides, reference), deed)
