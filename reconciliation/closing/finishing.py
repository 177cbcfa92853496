"""The second step of closing: once nothing can be on its way any more, add up, prove, certify."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import book_days
from payments.errors import Complaint, Conflict
from payments.models import MerchantAccount
from reconciliation import totals
from reconciliation.closing.attempts import (
    OperatorDay,
    StillOnItsWay,
    exceptions_of,
    live,
    not_closing,
    note,
    refuse_unexplained,
)
from reconciliation.closing.certificates import Certified, write
from reconciliation.closing.figures import RECORDED, changes, recorded, totals_of
from reconciliation.closing.models import CLOSED, CLOSING, Certificate, Closing
from reconciliation.closing.obstacles import obstacles
from reconciliation.days import IN_FLIGHT
from reconciliation.turns import alone

log = logging.getLogger(__name__)


def finish(tx: Session, which: OperatorDay, now: datetime) -> Certificate:
    """Certify a day that is closing, once nothing can be on its way to it any more; of a day that is
    closed already, the certificate it has.

    Raises `Conflict` for a day that is not closing, `StillOnItsWay` before the wait is over,
    `NotExplained` for what has come up meanwhile.
    """
    accounts = _alone(tx, which)
    closing = live(tx, which, lock=True)
    if closing is not None and closing.certificate_id is not None:
        return tx.get_one(Certificate, closing.certificate_id)
    if closing is None or closing.state != CLOSING or closing.stopped_at is None:
        raise not_closing(which)
    ready = closing.stopped_at + IN_FLIGHT
    if now < ready:
        raise StillOnItsWay(
            "Money may still be on its way to %(day)s; it can be certified from %(ready)s on.",
            day=which.day, ready=ready,
        )  # fmt: skip
    agreed = {one.subject for one in exceptions_of(tx, closing) if one.confirmed_by}
    refuse_unexplained(which, obstacles(tx, which.operator, which.day), agreed)
    for account in accounts:
        totals.refresh(tx, account.id, which.day, now)
    return _certify(tx, which, closing, now)


def _alone(tx: Session, which: OperatorDay) -> Sequence[MerchantAccount]:
    """The operator's accounts, whose comparison, figures and certificates nobody else touches."""
    mine = select(MerchantAccount).where(MerchantAccount.operator == which.operator)
    accounts = tx.scalars(mine.order_by(MerchantAccount.id)).all()
    for account in accounts:
        alone(tx, account.id)
    return accounts


def _certify(tx: Session, which: OperatorDay, closing: Closing, now: datetime) -> Certificate:
    figures = totals_of(tx, which.operator, which.day)
    rows = recorded(tx, which.operator, which.day, now)
    for off in changes(rows, figures, RECORDED):
        raise Conflict(
            "%(day)s cannot be certified: its total says %(figure)s %(stored)s for %(account)s"
            " %(part)s, its rows make %(rows)s.",
            day=which.day, figure=off.figure, stored=off.now, account=off.part.account,
            part=f"{off.part.cost_centre} {off.part.product}".strip(), rows=off.was,
        )  # fmt: skip
    certificate = write(tx, Certified(closing, exceptions_of(tx, closing), figures, now))
    book_days.certify(tx, which.operator, which.day, now)
    closing.state, closing.certificate_id = CLOSED, certificate.id
    tx.flush()
    note(tx, which, "close", closing.begun_by, now, number=certificate.number,
          revision=certificate.revision, sha256=certificate.sha256)  # fmt: skip
    return certificate


def finish_due(db: sessionmaker[Session], now: datetime) -> int:
    """Certify every day that is closing and has waited long enough; how many. A day that cannot be
    certified stays closing, says why in the log, and stops no other."""
    with db() as tx:
        due = select(Closing.operator, Closing.day).where(
            Closing.state == CLOSING, Closing.stopped_at <= now - IN_FLIGHT
        )
        waiting = [OperatorDay(*row) for row in tx.execute(due.order_by(Closing.stopped_at))]
    done = 0
    for which in waiting:
        try:
            with db.begin() as tx:
                finish(tx, which, now)
            done += 1
        except Complaint as error:
            log.warning("%s %s: %s", which.operator, which.day, error)
    return done
