"""How long what has not come is awaited before it is called missing, by rules that two people agreed on.

The look at an account-day and the proofs about it ask for the same moment: a rule that changes later
makes nothing untrue that an earlier look has said. What was called missing stays so when the window
grows.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.rules.models import WINDOW, LineRule

#: Where no rule says anything else.
LATENESS = timedelta(days=3)


def lateness(tx: Session, account_id: uuid.UUID, at: datetime) -> timedelta:
    """So long after its file was due a line of the account may still stand in a later file, by what
    counted at `at`: the account's own rule, else that of all of its operator's accounts."""
    days = tx.scalar(
        select(LineRule.days)
        .join(MerchantAccount, MerchantAccount.operator == LineRule.operator)
        .where(
            MerchantAccount.id == account_id,
            LineRule.kind == WINDOW,
            or_(LineRule.account_id.is_(None), LineRule.account_id == MerchantAccount.id),
            LineRule.approved_at <= at,
            or_(LineRule.retired_at.is_(None), LineRule.retired_at > at),
        )
        .order_by(LineRule.account_id.is_(None), LineRule.approved_at.desc())
        .limit(1)
    )
    return LATENESS if days is None else timedelta(days=days)
