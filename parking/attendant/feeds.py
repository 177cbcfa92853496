"""The bank feeds that have gone silent, at the lots of whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from parking.house import House
from parking.lots.models import Lot
from parking.lots.offers import accounts_of
from payments.silence import Silence, silences


def late_feeds(house: House, tx: Session, lots: Iterable[Lot], now: datetime) -> Sequence[Silence]:
    """The silent bank feeds among the accounts that `lots` offer."""
    offered = {account.id: account for lot in lots for account in accounts_of(tx, lot)}
    return silences(tx, house.gateways, list(offered.values()), now)
