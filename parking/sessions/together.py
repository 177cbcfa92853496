"""Several stays side by side, as whoever pays for them all sees them: what each would cost now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from parking.sessions.due import Standing, standings
from parking.sessions.groups import FEWEST, MOST
from parking.sessions.models import ParkingSession, Quote
from parking.sessions.quotes import standing_offer
from parking.tariffs import TariffBook


@dataclass(frozen=True, slots=True)
class Row:
    """One stay, with the offer that holds for it, if one does."""

    standing: Standing
    offer: Quote | None

    @property
    def session(self) -> ParkingSession:
        return self.standing.session

    @property
    def amount(self) -> int:
        """What is asked for it now, in minor units."""
        return self.offer.amount if self.offer else self.standing.due

    @property
    def open(self) -> bool:
        """It can be part of a payment."""
        return self.amount > 0 and self.session.exit_at is None


@dataclass(frozen=True, slots=True)
class Together:
    """The stays in the order they were given."""

    rows: Sequence[Row]

    @property
    def due(self) -> Sequence[Row]:
        return [row for row in self.rows if row.open]

    @property
    def amount(self) -> int:
        """What one payment for all of them asks for, in minor units of `currency`."""
        return sum(row.amount for row in self.due)

    @property
    def currency(self) -> str:
        return self.rows[0].standing.price.currency

    @property
    def payable(self) -> bool:
        return FEWEST <= len(self.due) <= MOST


def together_now(
    tx: Session, tariffs: TariffBook, stays: Sequence[ParkingSession], now: datetime
) -> Together:
    """These stays (at least one) at `now`."""
    found = standings(tx, tariffs, stays, now)
    return Together([Row(one, standing_offer(tx, tariffs, one.session, now)) for one in found])
