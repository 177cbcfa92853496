"""What people are called who stand as actors in the books and in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from parking.people import service
from parking.sessions.service import DRIVER
from parking.sessions.unrecorded import SERVICE
from parking.web.language import say


def names_of(tx: Session, actors: Collection[str]) -> Mapping[str, str]:
    """Actor → name, in the reader's language, drivers and the service itself included; others keep no
    name here."""
    return service.names_of(tx, actors) | {DRIVER: say("Driver"), SERVICE: say("Our system")}
