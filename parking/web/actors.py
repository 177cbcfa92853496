"""What people are called who stand as actors in the books and in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.orm import Session

from parking.people import service
from parking.sessions.actors import NO_PEOPLE, kind_of
from parking.web.language import say


def names_of(tx: Session, actors: Collection[str]) -> Mapping[str, str]:
    """Actor → name, in the reader's language, drivers, the service and the command line included;
    others keep no name here."""
    others = {
        actor: say(NO_PEOPLE[kind]) for actor in actors if (kind := kind_of(actor)) in NO_PEOPLE
    }
    return others | service.names_of(tx, actors)
