"""Which bank feeds have gone silent, so that people are told before they blame each other.

A feed says something only when money moves, so silence alone proves nothing: at night nobody pays,
and one transfer that nobody hears of may never have been made. A feed counts as silent when several
transfers were begun since its last word, none of their money came by any rail, and the first of them
waits for longer than this feed usually leaves between two words. The rule is ours; no source says how
late a bank may be (payments reference: an older page of Casso gives five minutes on average, and
SePay wants to be asked every 15 to 30 minutes beside its messages).

A word is a receipt that a message or a listing brought. An uploaded statement is not the feed's, and
an answer that lists nothing new is none either: a feed that answers while its bank tells it nothing
is as silent as one that is down. (How each account's sweeps end is not stored; only this would tell
the two apart.)
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from payments.accounts import Gateways
from payments.db import business_day
from payments.models import MerchantAccount, Movement, Notice, Payment
from payments.provider import Feed, MovementKind

#: What was begun less long ago may still be on somebody's screen.
SLOW = timedelta(minutes=10)
#: One alone may simply not have paid.
SEVERAL = 2
#: So many do not forget to pay by chance: then `SLOW` is long enough.
MANY = 10
#: How long several wait before anybody is told: at least, in usual gaps, and at most.
LEAST_PATIENCE = timedelta(minutes=30)
USUAL_GAPS = 3
MOST_PATIENCE = timedelta(hours=3)
#: What was begun longer ago says nothing about now.
LOOK_BACK = timedelta(hours=6)
#: The last day's words, and no more of them than tell what is usual.
USUAL_DAY = timedelta(days=1)
MOST_WORDS = 200

#: Sources of notices that are the feed's own word.
BY_FEED = ("webhook", "poll")


@dataclass(frozen=True, slots=True)
class Silence:
    """`account` should have told of `waiting` transfers, the first of them begun at `since`."""

    account: MerchantAccount
    since: datetime
    waiting: int


def unheard(
    words: Sequence[datetime], begun: Iterable[datetime], now: datetime
) -> Sequence[datetime]:
    """Pure: when the transfers were begun, earliest first, that a feed should have told of by `now`;
    empty while it may be as usual. `words` are the times of its last day's words, earliest first,
    `begun` those of all transfers whose money has not come."""
    asked = (at for at in begun if at <= now - SLOW)
    waiting = sorted(at for at in asked if not words or at > words[-1])
    if len(waiting) < SEVERAL or now - waiting[0] <= _patience(words, len(waiting)):
        return ()
    return waiting


def _patience(words: Sequence[datetime], waiting: int) -> timedelta:
    gaps = [(after - before).total_seconds() for before, after in pairwise(words)]
    usual = timedelta(seconds=median(gaps) * USUAL_GAPS if gaps else 0)
    least = SLOW if waiting >= MANY else LEAST_PATIENCE
    return min(MOST_PATIENCE, max(least, usual))


def silences(
    tx: Session, gateways: Gateways, accounts: Sequence[MerchantAccount], now: datetime
) -> Sequence[Silence]:
    """Those of `accounts` whose bank feed has gone silent, in their order. While nothing waits this
    is one query."""
    feeds = [account for account in accounts if _has_feed(gateways, account)]
    begun = _begun(tx, [account.id for account in feeds], now) if feeds else {}
    found = []
    for account in feeds:
        started = begun.get(account.id, ())
        if len(started) >= SEVERAL and (late := unheard(_words(tx, account, now), started, now)):
            found.append(Silence(account, late[0], len(late)))
    return found


def _has_feed(gateways: Gateways, account: MerchantAccount) -> bool:
    rail = gateways.registry.get(account.provider)
    return rail is not None and issubclass(rail, Feed)


def _begun(
    tx: Session, accounts: Sequence[uuid.UUID], now: datetime
) -> Mapping[uuid.UUID, Sequence[datetime]]:
    """When each thing that is still to be paid was first to be paid through each account."""
    other = aliased(Payment)
    money = select(other.id).where(other.reference == Payment.reference, other.received > 0)
    rows = tx.execute(
        select(Payment.account_id, sql.min(Payment.created_at))
        .where(
            Payment.account_id.in_(accounts),
            Payment.created_at.between(now - LOOK_BACK, now - SLOW),
            ~money.exists(),
        )
        .group_by(Payment.account_id, Payment.reference)
    )
    found: dict[uuid.UUID, list[datetime]] = {}
    for account_id, at in rows:
        found.setdefault(account_id, []).append(at)
    return found


def _words(tx: Session, account: MerchantAccount, now: datetime) -> Sequence[datetime]:
    """When the feed of `account` told of money during the last day, earliest first."""
    since = now - USUAL_DAY
    query = (
        select(Movement.recorded_at)
        .join(Notice, Notice.id == Movement.notice_id)
        .where(
            Movement.account_id == account.id,
            Movement.book_day >= business_day(since),
            Movement.kind == MovementKind.RECEIPT,
            Movement.recorded_at >= since,
            Notice.source.in_(BY_FEED),
        )
        .order_by(Movement.recorded_at.desc())
        .limit(MOST_WORDS)
    )
    return tx.scalars(query).all()[::-1]
