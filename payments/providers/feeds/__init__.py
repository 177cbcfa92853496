"""Every bank feed we can hear: one literal line each."""

from __future__ import annotations

from payments.providers.feeds.casso import CassoFeed
from payments.providers.feeds.feed import BankFeed
from payments.providers.feeds.payos import PayosFeed
from payments.providers.feeds.sepay import SepayFeed

FEEDS: dict[str, type[BankFeed]] = {
    "sepay": SepayFeed,
    "casso": CassoFeed,
    "payos": PayosFeed,
}
