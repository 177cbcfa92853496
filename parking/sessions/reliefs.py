"""Why a stay costs nothing, for good or for a while: a pass, or an exemption by a listed reason."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.languages import mark
from parking.passes.models import Pass
from parking.sessions.models import Exemption, ParkingSession
from parking.sessions.reasons import reason_words
from parking.tariffs import Line, Price, TariffVersion, price
from payments.db import CITY_ZONE

ON_PASS = mark("Pass valid until %(day)s")
EXEMPT = mark("Exempt: %(reason)s")


class ReliefKind(StrEnum):
    PASS = "pass"
    EXEMPTION = "exemption"


@dataclass(frozen=True, slots=True)
class Relief:
    """`until` is when the stay begins to be charged; None for never. `line` explains it."""

    kind: ReliefKind
    until: datetime | None
    line: Line


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
        session_id: Relief(
            ReliefKind.EXEMPTION, None, Line(EXEMPT, {"reason": reason_words(reason)}, 0)
        )
        for session_id, reason in rows
    }


def _passes(tx: Session, sessions: Iterable[ParkingSession]) -> dict[uuid.UUID, Relief]:
    holders = {session.id: session.pass_id for session in sessions if session.pass_id}
    if not holders:
        return {}
    found = {
        row.id: row for row in tx.scalars(select(Pass).where(Pass.id.in_(set(holders.values()))))
    }
    return {session_id: _of_pass(found[pass_id]) for session_id, pass_id in holders.items()}


def _of_pass(held: Pass) -> Relief:
    end = datetime.combine(held.until + timedelta(days=1), time(), CITY_ZONE)
    return Relief(ReliefKind.PASS, end, Line(ON_PASS, {"day": f"{held.until:%d/%m/%Y}"}, 0))


def relieved_price(
    version: TariffVersion, session: ParkingSession, relief: Relief | None, until: datetime
) -> Price:
    """The price of the stay until `until`, counted from the end of its relief where it has one.

    Whoever stays on after a pass ran out pays as if they had come at that moment.
    """
    if relief is None:
        return price(version, session.vehicle_class, session.entry_at, until)
    if relief.until is None or until <= relief.until:
        nothing = price(version, session.vehicle_class, session.entry_at, session.entry_at)
        return replace(nothing, amount=0, lines=(relief.line,))
    rest = price(version, session.vehicle_class, max(session.entry_at, relief.until), until)
    return replace(rest, lines=(relief.line, *rest.lines))
