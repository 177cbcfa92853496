"""The audit trail of one parking session, as sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.sessions.models import ParkingSession
from parking.sessions.reasons import REASONS
from parking.shifts import cash
from parking.web.actors import names_of
from parking.web.formats import money, when
from parking.web.language import say
from payments.models import Audit, AuditDetail

SENTENCES = {
    "session.enter": mark("Parking began with plate %(plate)s"),
    "session.exit": mark("Exit recorded"),
    "session.exit_unpaid": mark("Let out although %(due)s was not paid"),
    "session.undo_exit": mark("Exit of %(exit_at)s taken back"),
    "session.correct_plate": mark("Plate corrected from %(before)s to %(after)s: %(reason)s"),
    "session.card": mark("Card %(card)s handed out"),
    "session.card_lost": mark("Card %(card)s reported lost"),
    "session.card_fee": mark("Fee of %(fee)s charged for the lost card"),
    "session.card_fee_withdrawn": mark("Fee of %(fee)s for the lost card withdrawn: %(reason)s"),
    "session.exempt": mark("Exempt from payment: %(reason)s"),
    "session.withdraw_exemption": mark("Exemption withdrawn: %(reason)s"),
    "session.move": mark("Moved from lot %(before)s to lot %(after)s: %(reason)s"),
    "session.wrong_lot": mark(
        "Stands at lot %(after)s, not at %(before)s; %(asked_back)s asked back: %(reason)s"
    ),
    "session.unrecorded": mark("Exit not recorded, ended at %(exit_at)s"),
    "session.real_exit": mark("Real exit %(after)s recorded (ended before at %(before)s)"),
    "session.still_here": mark("Still here: the end at %(exit_at)s was taken back"),
    "session.paid_by_attendant": mark("Paid for the driver: %(amount)s, payment %(code)s"),
    "session.take_up_pass": mark("Stay put on pass %(pass)s"),
    "pass.sell": mark("Pass %(number)s sold"),
    "pass.renew": mark("Pass %(number)s sold as a renewal"),
    "pass.change_plate": mark("Plate changed from %(before)s to %(after)s: %(reason)s"),
    "pass.cancel": mark("Cancelled: %(reason)s"),
    "session.confirm_entry": mark("Entry time %(after)s confirmed (declared: %(before)s)"),
    "session.claim": mark("Said that %(due)s was transferred (bank reference: %(reference)s)"),
    "session.claim_withdrawn": mark("Took back that %(due)s was transferred"),
    "session.release": mark("Let out, waiting for the bank: %(due)s"),
    "session.claim_unpaid": mark("Closed: %(due)s never came. %(reason)s"),
    "cash.take": mark("Took %(due)s in cash: %(why)s"),
    "cash.give_back": mark("Gave %(due)s in cash back"),
    "cash.pay_back": mark("Paid %(due)s back in cash from the till, refund %(refund)s"),
}
#: A stay that began with a card alone has that card's label where its plate would stand.
WITH_A_CARD = mark("Parking began with card %(plate)s")
#: Parts that are instants, by act; what else looks like one is text.
INSTANTS = {
    "session.undo_exit": ("exit_at",),
    "session.confirm_entry": ("before", "after"),
    "session.unrecorded": ("exit_at",),
    "session.real_exit": ("before", "after"),
    "session.still_here": ("exit_at",),
}
#: Acts whose reason is one of a list.
LISTED = ("session.exempt", "session.withdraw_exemption")
#: Parts that are amounts, whatever the act.
AMOUNTS = ("due", "fee", "asked_back", "amount")
PARTS = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Event:
    """Who did what, when; `text` is plain text in the reader's language."""

    at: datetime
    who: str
    text: str


def history(tx: Session, session: ParkingSession) -> Sequence[Event]:
    """What was done to `session`, the last first."""
    return history_of(tx, session.reference)


def history_of(tx: Session, reference: str) -> Sequence[Event]:
    """What was done to a session or a pass, the last first."""
    query = (
        select(Audit, AuditDetail.detail)
        .outerjoin(AuditDetail, AuditDetail.audit_id == Audit.id)
        .where(Audit.subject == reference)
        .order_by(Audit.id.desc())
    )
    rows = [(entry, detail) for entry, detail in tx.execute(query)]
    names = names_of(tx, {entry.actor for entry, _ in rows})
    return [
        Event(entry.at, names.get(entry.actor, entry.actor), _text(entry.act, detail or {}))
        for entry, detail in rows
    ]


def _text(act: str, detail: Mapping[str, Any]) -> str:
    """The act in words; dots stand for parts that retention deleted."""
    sentence = SENTENCES.get(act)
    if sentence is None:
        return act
    if act == "session.enter" and str(detail.get("plate", "")).startswith("#"):
        sentence = WITH_A_CARD
    parts: dict[str, object] = dict.fromkeys(PARTS.findall(sentence), "…")
    return say(sentence, **parts | {name: _part(act, name, v) for name, v in detail.items()})


def _part(act: str, name: str, value: object) -> str:
    if name == "why":
        return say(cash.REASONS[str(value)])
    if name in INSTANTS.get(act, ()):
        return when(datetime.fromisoformat(str(value))).striptags()
    if act in LISTED and name == "reason":
        return say(REASONS.get(str(value), str(value)))
    return money(value) if name in AMOUNTS and isinstance(value, int) else str(value)
