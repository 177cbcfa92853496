"""The differences of a period's days, each with what a report says of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.belonging import owner
from payments.models import MerchantAccount, Movement, Payment
from reconciliation.breaks import AGES, age_group
from reconciliation.models import Break, StatementLine
from reconciliation.reports.period import Period
from reconciliation.sides import Rows, is_live

#: The age groups in days, youngest first.
GROUPS = (*(name for _, name in AGES), ">30")


@dataclass(frozen=True, slots=True)
class Difference:
    """One break. `amount` is theirs − ours in minor units of `currency`; `timing`: its money may
    still come in a later file; `open`: nobody explained it. `reference` is the line's or payout's."""

    id: uuid.UUID
    account_id: uuid.UUID
    account: str
    operator: str
    provider: str
    leg: str
    day: date
    kind: str
    payment: str
    cost_centre: str
    reference: str
    amount: int
    currency: str
    timing: bool
    open: bool
    has_line: bool
    has_ours: bool
    changed_at: datetime

    def age(self, at: date) -> int:
        """How many days it had stood on that day."""
        return (at - self.day).days

    def group(self, at: date) -> str:
        """Its age group on that day, one of `GROUPS`."""
        return age_group(self.day, at)


def standing(tx: Session, period: Period) -> Sequence[Difference]:
    """Those that stand now: open, or settled by a person's own explanation."""
    return _found(tx, period, is_live())


def unexplained(tx: Session, period: Period) -> Sequence[Difference]:
    """Those that nobody has explained; what was settled before is not read."""
    return _found(tx, period, Break.state == "open")


def _found(tx: Session, period: Period, which: ColumnElement[bool]) -> Sequence[Difference]:
    query = _query().where(period.within(Break.day), period.accounts(), which)
    return [_difference(*row) for row in tx.execute(query)]


def _query() -> Rows:
    payout = aliased(StatementLine, name="payout")
    by_movement, by_code = aliased(Payment), aliased(Payment)
    named = and_(
        by_code.code == StatementLine.order_code,
        by_code.account_id == Break.account_id,
        owner().is_(None),
    )
    return (
        select(
            Break,
            MerchantAccount,
            sql.coalesce(by_movement.code, by_code.code, ""),
            sql.coalesce(by_movement.cost_centre, by_code.cost_centre, ""),
            sql.coalesce(StatementLine.line_ref, payout.line_ref, ""),
        )
        .join(MerchantAccount, MerchantAccount.id == Break.account_id)
        .outerjoin(Movement, Movement.id == Break.movement_id)
        .outerjoin(StatementLine, StatementLine.id == Break.line_id)
        .outerjoin(payout, payout.id == Break.payout_id)
        .outerjoin(by_movement, by_movement.id == owner())
        .outerjoin(by_code, named)
        .order_by(Break.day, MerchantAccount.slug, Break.leg, Break.kind, Break.id)
    )


def _difference(found: Break, account: MerchantAccount, *names: Any) -> Difference:
    payment, cost_centre, reference = names
    return Difference(
        id=found.id,
        account_id=account.id,
        account=account.slug,
        operator=account.operator,
        provider=account.provider,
        leg=found.leg,
        day=found.day,
        kind=found.kind,
        payment=payment,
        cost_centre=cost_centre,
        reference=reference,
        amount=found.difference,
        currency=found.currency,
        timing=found.timing,
        open=found.state == "open",
        has_line=found.line_id is not None,
        has_ours=found.movement_id is not None or found.payout_id is not None,
        changed_at=found.resolved_at or found.opened_at,
    )
