"""What people are called who stand as actors in the books and in the audit trail."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.people.models import Person
from parking.sessions.service import DRIVER
from parking.web.language import say

PERSON = "person:"


def names_of(tx: Session, actors: Collection[str]) -> Mapping[str, str]:
    """Actor → name, in the reader's language; whoever is none of our people keeps no name here."""
    usernames = [actor.removeprefix(PERSON) for actor in actors]
    people = tx.execute(select(Person.username, Person.name).where(Person.username.in_(usernames)))
    return {f"{PERSON}{row.username}": row.name for row in people} | {DRIVER: say("Driver")}
