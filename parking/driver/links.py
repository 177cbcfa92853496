"""From a link to its parking session or pass and back. Whoever holds the link may see it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import mark
from parking.passes.models import Pass
from parking.passes.service import pass_by_token
from parking.sessions.models import ParkingSession
from parking.sessions.service import session_by_token
from payments.errors import NotFound
from qr.links import InvalidLink, read_pass_path, read_session_path, session_link

CHANGED = mark("This link is not complete, or it was changed.")


class Doubtful(NotFound):
    """A sign, link or lot that must not be trusted: the page warns, gives the `advice` and offers the
    safe way."""

    advice = mark(
        "Please pay nothing through it and show it to the attendant, so that it can be replaced."
    )


class BrokenLink(Doubtful):
    """A link to a parking session or a pass that is none: no sign has to be replaced for it."""

    advice = mark("Please scan the code again or open the whole link. Pay nothing through it.")


def find(house: House, tx: Session, link: str) -> ParkingSession:
    """The session behind `link` (what follows ``/s/``). Raises `BrokenLink`."""
    try:
        return session_by_token(tx, read_session_path(house.keys, f"/s/{link}"))
    except (InvalidLink, NotFound) as error:
        raise BrokenLink(CHANGED) from error


def find_pass(house: House, tx: Session, link: str) -> Pass:
    """The pass behind `link` (what follows ``/p/``). Raises `BrokenLink`."""
    try:
        return pass_by_token(tx, read_pass_path(house.keys, f"/p/{link}"))
    except (InvalidLink, NotFound) as error:
        raise BrokenLink(CHANGED) from error


def public_link(house: House, session: ParkingSession) -> str:
    """The whole address of a session: what its QR code says and where providers send drivers."""
    return session_link(house.keys, house.config.public_url, session.token)


def local_link(house: House, session: ParkingSession) -> str:
    """The part of the address after ``/s/``."""
    return session_link(house.keys, "", session.token).removeprefix("/s/")
