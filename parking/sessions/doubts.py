"""Before somebody pays again: the money of the first time may be on its way.

A transfer that somebody vouches for, or whose code stands open beside the way chosen now, is doubt
enough for one question. The second tap is the payer's own decision, and what was paid twice goes
back (`parking.sessions.paid_twice`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.sessions.claims import open_claim
from parking.sessions.models import ParkingSession, Quote, intent_of
from parking.sessions.together import Together
from parking.sessions.transfers import open_transfer
from payments.sharing import attempts


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks for `session` being paid already: since when, and the amount in minor units;
    `claimed`: somebody vouches for it, else a transfer was only begun."""

    session: ParkingSession
    since: datetime
    amount: int
    claimed: bool


def doubt_of(tx: Session, session: ParkingSession, own: str, now: datetime) -> Doubt | None:
    """None when nothing speaks for `session` being paid. Going on with the transfer of the intent
    `own` is no second payment."""
    claim = open_claim(tx, session.id)
    if claim:
        return Doubt(session, claim.claimed_at, claim.amount, claimed=True)
    others = [p for p in attempts(tx, session.reference) if p.intent != own and not p.received]
    transfer = open_transfer(others, now)
    return Doubt(session, transfer.created_at, transfer.amount, claimed=False) if transfer else None


def doubts_of(
    tx: Session, found: Together, account: str, method: str, now: datetime
) -> Sequence[Doubt]:
    """The same of every stay that would be paid together, by this merchant account (its slug) and
    method."""
    offered: list[Quote] = [row.offer for row in found.due if row.offer]
    whole = len(offered) == len(found.due)
    ordered = sorted(offered, key=lambda quote: quote.session_id)
    own = intent_of(ordered, account, method) if whole else ""
    doubts = (doubt_of(tx, row.session, own, now) for row in found.due)
    return [doubt for doubt in doubts if doubt]
