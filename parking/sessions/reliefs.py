"""Why a stay costs nothing, for good or for a while: a pass, or an exemption by a listed reason."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.passes.coverage import DAY, Rules, Term, charged
from parking.passes.models import Pass
from parking.passes.service import chains_of
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.reasons import reason_words
from parking.tariffs import Line, Price, TariffVersion, price
from parking.tariffs.engine import weakest

ON_PASS = mark("Pass valid until %(day)s")
ON_DAY_PASS = mark("Day pass valid until %(day)s")
EXEMPT = mark("Exempt: %(reason)s")


class ReliefKind(StrEnum):
    PASS = "pass"
    EXEMPTION = "exemption"


@dataclass(frozen=True, slots=True)
class Relief:
    """`terms` are what a pass and its renewals cover; an exemption is for good. `line` explains it."""

    kind: ReliefKind
    line: Line
    terms: tuple[Term, ...] = ()


def reliefs_of(tx: Session, sessions: Collection[ParkingSession]) -> Mapping[uuid.UUID, Relief]:
    """The relief of each of `sessions` that has one; an exemption goes before a pass."""
    return _passes(tx, sessions) | _exemptions(tx, [session.id for session in sessions])


def _exemptions(tx: Session, sessions: Collection[uuid.UUID]) -> dict[uuid.UUID, Relief]:
    rows = tx.execute(
        select(Exemption.session_id, Exemption.reason).where(
            Exemption.session_id.in_(sessions), Exemption.withdrawn_at.is_(None)
        )
    )
    return {
        session_id: Relief(ReliefKind.EXEMPTION, Line(EXEMPT, {"reason": reason_words(reason)}, 0))
        for session_id, reason in rows
    }


def _passes(tx: Session, sessions: Iterable[ParkingSession]) -> dict[uuid.UUID, Relief]:
    holders = {session.id: session.pass_id for session in sessions if session.pass_id}
    chains = chains_of(tx, set(holders.values()))
    return {session_id: _of_pass(chains[pass_id]) for session_id, pass_id in holders.items()}


def _of_pass(chain: Sequence[Pass]) -> Relief:
    """A pass with its paid renewals: whoever stays over the end of one goes on with the next."""
    terms = tuple(Term(p.since, p.until, p.hours, p.cancelled_at) for p in chain)
    text = ON_DAY_PASS if chain[-1].hours == DAY else ON_PASS
    return Relief(ReliefKind.PASS, Line(text, {"day": f"{terms[-1].until:%d/%m/%Y}"}, 0), terms)


def relieved_price(
    version: TariffVersion, session: ParkingSession, relief: Relief | None, until: datetime
) -> Price:
    """The price of the stay until `until`, without what its relief covers.

    Each part that a pass leaves open costs what a stay of its own would (`parking.passes.coverage`).
    """
    vehicle, entry = session.vehicle_class, session.entry_at
    if relief is None:
        return price(version, vehicle, entry, until)
    parts = charged(relief.terms, _rules(version, vehicle), entry, until) if relief.terms else ()
    prices = [price(version, vehicle, part.start, part.end) for part in parts]
    if not prices:
        nothing = price(version, vehicle, entry, entry)
        return replace(nothing, amount=0, lines=(relief.line,))
    origins = tuple(dict.fromkeys(origin for found in prices for origin in found.origins))
    lines = (relief.line, *(line for found in prices for line in found.lines))
    amount = sum(found.amount for found in prices)
    return Price(amount, version.currency, lines, origins, weakest(origins))


def _rules(version: TariffVersion, vehicle_class: str) -> Rules:
    vehicle = version.vehicle(vehicle_class)
    tolerance = timedelta(minutes=vehicle.straddle_minutes or 0)
    return Rules(vehicle.pass_day, version.zone, tolerance)
