"""Notices to merchants: written down with the event, sent until they are acknowledged.

Delivery is at least once and in no promised order, as with real payment companies: a notice is sent
again after anything but a 2xx answer, some are sent twice, and with `reorder` each is held back by
its own span of time. What is drawn depends on the seed and the notice alone, so that a restart or
another worker draws the same.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.db import Databases
from payments.provider import Http, ProviderUnavailable
from payments.sandbox.config import SandboxConfig
from payments.sandbox.models import Motion, NoticeRow, Order
from payments.sandbox.orders import motion_view
from payments.sandbox.signing import notice_headers, write_instant

#: Seconds to wait after the first, second, … failed attempt; after the last one it is given up.
BACK_OFF = (5, 30, 120, 300, 900, 3_600, 10_800, 21_600, 43_200, 86_400)
#: Longest time a notice is held back to arrive after later ones.
HELD_BACK_SECONDS = 90
SECOND_COPY_AFTER = timedelta(seconds=5)
BATCH = 100

log = logging.getLogger(__name__)


def announce_motion(
    tx: Session, config: SandboxConfig, order: Order, motion: Motion, now: datetime
) -> None:
    """A receipt or a refund: told of when it has happened, not before."""
    kind = "payment.received" if motion.refund_key is None else "refund.done"
    body = {
        "type": kind,
        "status": "paid",
        "event_at": write_instant(motion.event_at),
        "refund_key": motion.refund_key,
        "movements": [motion_view(motion)],
    }
    _enqueue(tx, config, order, f"evt-{motion.rail_ref}", body, max(now, motion.event_at))


def announce_decline(
    tx: Session, config: SandboxConfig, order: Order, moment: datetime, now: datetime
) -> None:
    """The driver refused to pay."""
    body: dict[str, Any] = {
        "type": "payment.declined",
        "status": "cancelled",
        "event_at": write_instant(moment),
        "refund_key": None,
        "movements": [],
    }
    _enqueue(tx, config, order, f"evt-{order.reference}-declined", body, max(now, moment))


def _enqueue(
    tx: Session,
    config: SandboxConfig,
    order: Order,
    event: str,
    body: Mapping[str, Any],
    due: datetime,
) -> None:
    whole = {
        "id": event,
        "merchant": order.merchant,
        "mode": "test",
        "order": order.code,
        "provider_ref": order.reference,
        **body,
    }
    chance = random.Random(f"{config.seed}:{event}")
    copies = 2 if chance.random() < config.duplicate_rate else 1
    held_back = chance.randrange(HELD_BACK_SECONDS + 1) if config.reorder else 0
    row = NoticeRow(
        event=event,
        merchant=order.merchant,
        body=json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode(),
        copies=copies,
        attempts=0,
        next_at=due + timedelta(seconds=held_back),
        delivered_at=None,
    )
    tx.add(row)


def deliver_due(db: Databases, config: SandboxConfig, now: datetime, http: Http) -> int:
    """Send every notice that is due at `now`, in the order they fall due; how many arrived.

    Nothing is open while a message is on its way: read, send, then write down what came of it.
    Whatever falls due again by this (a second copy, another attempt) waits for a later `now`.
    """
    arrived = 0
    while waiting := _due(db, now):
        for notice in waiting:
            success = _send(config, notice, now, http)
            arrived += success
            with db.write.begin() as tx:
                _note(tx.get_one(NoticeRow, notice.id), success, now)
    return arrived


def _due(db: Databases, now: datetime) -> list[NoticeRow]:
    query = select(NoticeRow).where(NoticeRow.next_at <= now)
    with db.read() as tx:
        return list(tx.scalars(query.order_by(NoticeRow.next_at, NoticeRow.id).limit(BATCH)))


def _send(config: SandboxConfig, notice: NoticeRow, now: datetime, http: Http) -> bool:
    merchant = config.merchants.get(notice.merchant)
    if merchant is None:  # no longer a customer of ours: nobody to tell
        return False
    headers = notice_headers(notice.event, notice.body, merchant.secrets, now)
    try:
        answer = http.request(
            "POST", merchant.notify(notice.merchant), body=notice.body, headers=headers
        )
    except ProviderUnavailable as reason:
        log.info("notice %s not delivered: %s", notice.event, reason)
        return False
    if not 200 <= answer.status < 300:
        log.info("notice %s answered %s", notice.event, answer.status)
        return False
    return True


def _note(notice: NoticeRow, success: bool, now: datetime) -> None:
    notice.attempts += 1
    if success:
        notice.delivered_at = notice.delivered_at or now
        notice.copies -= 1
        notice.next_at = now + SECOND_COPY_AFTER if notice.copies > 0 else None
    elif notice.attempts <= len(BACK_OFF):
        notice.next_at = now + timedelta(seconds=BACK_OFF[notice.attempts - 1])
    else:
        notice.next_at = None
