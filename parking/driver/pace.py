"""Plates cannot be tried out by the hundred: what drivers may start is counted per address, in the
table of sign-in attempts, so that every process counts alike and the same clean-up forgets it.
"""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address, ip_address

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from parking.errors import TooMany
from parking.people.models import SignInAttempt
from parking.people.throttle import WINDOW

#: Many phones share one address of a mobile network; a person types no plate every eight seconds.
PER_ADDRESS = 120
#: Who owns one IPv6 address owns its whole network of this many leading bits.
NETWORK_BITS = 64


def count(tx: Session, act: str, address: str, now: datetime) -> None:
    """Count one `act` from `address`. Raises `TooMany` with the seconds to wait."""
    whose = f"{act}:{_network(address)}"
    tx.execute(delete(SignInAttempt).where(SignInAttempt.at <= now - WINDOW))
    query = select(func.count(), func.min(SignInAttempt.at)).where(SignInAttempt.address == whose)
    attempts, oldest = tx.execute(query).one()
    if attempts >= PER_ADDRESS:
        wait = int((oldest + WINDOW - now).total_seconds()) + 1
        raise TooMany(
            "Too many attempts. Please wait %(minutes)s minutes and try again.",
            wait,
            minutes=-(-wait // 60),
        )
    tx.add(SignInAttempt(username=whose, address=whose, at=now))


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        return f"{int(parsed) >> (128 - NETWORK_BITS):x}"
    return address
