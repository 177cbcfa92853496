"""What those are called who act without being people."""

from __future__ import annotations

from parking.languages import mark
from parking.people.service import COMMAND_LINE
from parking.sessions.service import DRIVER
from parking.sessions.unrecorded import SERVICE
from payments.refund_tasks import SYSTEM

#: Actor who is no person → its name; `SERVICE` stands for every part of the service (`kind_of`).
NO_PEOPLE = {
    DRIVER: mark("Driver"),
    SERVICE: mark("Our system"),
    COMMAND_LINE: mark("Command line"),
}


def kind_of(actor: str) -> str:
    """The actor, of parts of the service (``system:…``) the service as a whole."""
    return SERVICE if actor.startswith(SYSTEM) else actor
