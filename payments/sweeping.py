"""Hear again what rails with a feed told, or tried to tell, in the last days.

A transfer whose text nobody can read belongs to no payment, so no poll asks for it. When its notice
is lost as well (SePay gives up after 33 minutes), only the feed's list still knows of it: the sweep
takes it to the unmatched queue. What was heard before changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments.accounts import Gateways, live_accounts
from payments.models import MerchantAccount, Notice
from payments.polling import heard
from payments.provider import Feed
from payments.provider import Notice as Told
from payments.service import record

#: How far back is asked: what is older, the bank's statement says.
LOOK_BACK = timedelta(days=2)
#: Keys looked up in one question.
AT_ONCE = 500


def sweep_feeds(db: sessionmaker[Session], gateways: Gateways, now: datetime) -> int:
    """Record everything the feeds of live accounts list since two days ago that we have not heard
    yet; how many notices. One silent feed stops no other."""
    with db() as tx:
        accounts = live_accounts(tx)
    return sum(_sweep(db, gateways, account, now) for account in accounts)


def _sweep(
    db: sessionmaker[Session], gateways: Gateways, account: MerchantAccount, now: datetime
) -> int:
    told = heard(account, lambda: _recent(gateways, account, now - LOOK_BACK))
    count = 0
    for notice in _unheard(db, account, told or ()):
        with db.begin() as tx:
            record(tx, account, notice, now, source="poll")
        count += 1
    return count


def _recent(gateways: Gateways, account: MerchantAccount, since: datetime) -> Sequence[Told]:
    provider = gateways.provider(account)
    return provider.recent(since) if isinstance(provider, Feed) else ()


def _unheard(
    db: sessionmaker[Session], account: MerchantAccount, told: Sequence[Told]
) -> Iterator[Told]:
    """Those of `told` that are not in the books. Nearly all of two days are, and asking for their
    keys costs less than trying to write each again."""
    for begin in range(0, len(told), AT_ONCE):
        part = told[begin : begin + AT_ONCE]
        keys = [notice.key for notice in part]
        with db() as tx:
            known = set(
                tx.scalars(
                    select(Notice.key).where(Notice.account_id == account.id, Notice.key.in_(keys))
                )
            )
        yield from (notice for notice in part if notice.key not in known)
