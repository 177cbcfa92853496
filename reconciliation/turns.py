"""Who may add to an account's comparison and figures at the same moment: one at a time."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.models import MerchantAccount


def alone(tx: Session, account_id: uuid.UUID) -> None:
    """Wait until nobody else compares or adds up this account; until `tx` ends nobody else begins.

    Notices go on meanwhile (SQLite writers are alone already).
    """
    row = select(MerchantAccount.id).where(MerchantAccount.id == account_id)
    tx.execute(row.with_for_update(key_share=True)).one()
