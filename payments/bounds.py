"""When and for which amounts an account is offered: pure, and the same for forms and for drivers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from payments.db import CITY_ZONE
from payments.errors import WrongUsage
from payments.money import LARGEST
from payments.provider import Capabilities

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


class InvalidBounds(WrongUsage):
    """Bounds that leave nothing, or that cannot be read."""


class Bounded(Protocol):
    """What has bounds of its own: a merchant account."""

    least: int | None
    most: int | None
    opens: str | None
    closes: str | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """`least` and `most` in minor units, both included; from `opens` until before `closes`
    (``HH:MM``, the city's time), across midnight when `closes` is the earlier. None: no bound."""

    least: int | None = None
    most: int | None = None
    opens: str | None = None
    closes: str | None = None

    @classmethod
    def of(cls, bounded: Bounded) -> Bounds:
        """The bounds of an account."""
        return cls(bounded.least, bounded.most, bounded.opens, bounded.closes)

    def as_text(self) -> str:
        """For lists and for the trail: ``5000–200000 06:00–22:00``; ``-`` without any."""
        amounts = f"{self.least or ''}–{self.most or ''}"
        hours = f"{self.opens or ''}–{self.closes or ''}"
        return " ".join(part for part in (amounts, hours) if part != "–") or "-"

    def hold(self, amount: int, now: datetime) -> bool:
        """Whether `amount` may be collected at `now`."""
        enough = self.least is None or amount >= self.least
        bearable = self.most is None or amount <= self.most
        return enough and bearable and self.open_at(now)

    def open_at(self, now: datetime) -> bool:
        """Whether `now` lies within the hours."""
        if self.opens is None or self.closes is None:
            return True
        time = now.astimezone(CITY_ZONE).strftime("%H:%M")
        if self.opens < self.closes:
            return self.opens <= time < self.closes
        return time >= self.opens or time < self.closes


def check_bounds(bounds: Bounds, rail: Capabilities) -> None:
    """Raises `InvalidBounds` unless some amount of the rail and some time of the day are left."""
    for amount in (bounds.least, bounds.most):
        if amount is not None and not 0 < amount <= LARGEST:
            raise InvalidBounds(
                "%(amount)s cannot bound an account: give an amount from 1 to %(largest)s.",
                amount=amount,
                largest=LARGEST,
            )
    least = max(bounds.least or 1, rail.smallest)
    most = min(bounds.most or LARGEST, rail.largest)
    if least > most:
        raise InvalidBounds(
            "From %(least)s to %(most)s no amount is left: the rail itself takes %(smallest)s to "
            "%(largest)s.",
            least=least,
            most=most,
            smallest=rail.smallest,
            largest=rail.largest,
        )
    _check_hours(bounds.opens, bounds.closes)


def _check_hours(opens: str | None, closes: str | None) -> None:
    for time in (opens, closes):
        if time is not None and not _CLOCK.fullmatch(time):
            raise InvalidBounds("%(time)s is not a time; write it as 06:30.", time=time)
    if (opens is None) != (closes is None) or (opens is not None and opens == closes):
        raise InvalidBounds(
            "Hours need a beginning and another end, as 06:00 and 22:00; give neither for the whole day."
        )
