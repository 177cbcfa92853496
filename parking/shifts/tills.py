"""The till of an attendant: a merchant account of the rail `cash`, opened with the first shift."""

from __future__ import annotations

import re
from datetime import datetime
from itertools import count

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.people.badge import Badge
from payments import merchants
from payments.accounts import Gateways
from payments.merchants import NewAccount
from payments.models import MerchantAccount
from payments.provider import CASH


def till_of(
    tx: Session, gateways: Gateways, operator: str, badge: Badge, now: datetime
) -> MerchantAccount:
    """The account in use that holds this attendant's cash for `operator` (its code); opened if there
    is none. Raises `NotFound` when the rail is not installed."""
    found = tx.scalar(
        select(MerchantAccount).where(
            MerchantAccount.provider == CASH,
            MerchantAccount.operator == operator,
            MerchantAccount.settings["holder"].as_string() == badge.username,
            MerchantAccount.retired_at.is_(None),
        )
    )
    return found or merchants.add(
        tx,
        gateways,
        NewAccount(
            slug=_free_slug(tx, badge.username),
            operator=operator,
            provider=CASH,
            mode=gateways.mode,
            settings={"holder": badge.username},
            secret={},
        ),
        badge.actor,
        now,
    )


def _free_slug(tx: Session, username: str) -> str:
    """``cash-`` and the user name as a slug can spell it; numbered when two names are spelt alike."""
    wish = f"{CASH}-{re.sub('[._-]+', '-', username)}"
    taken = set(
        tx.scalars(select(MerchantAccount.slug).where(MerchantAccount.slug.startswith(wish)))
    )
    numbered = (f"{wish}-{number}" for number in count(2))
    return wish if wish not in taken else next(slug for slug in numbered if slug not in taken)
