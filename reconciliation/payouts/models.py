"""Rows of the payout leg: what files bring to payouts, and the payouts that agree with it."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, case
from sqlalchemy import func as sql
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id
from reconciliation.models import Statement, StatementLine

#: Who pays for those lines of a settlement file that name no payout: its only payout that no line names;
#: all its payouts together, because lines name none; the next one of the account, because the file has
#: none; or nobody but those that lines name.
OWN, JOINT, LATER, NAMED = "own", "joint", "later", "named"


class StatementShare(Base):
    """What the lines that one file told first make together, by the payout they name (`batch`; '' where
    they name none) and currency. Payouts themselves are no part of it."""

    __tablename__ = "statement_share"

    statement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement.id"), primary_key=True)
    batch: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]

    __table_args__ = (CheckConstraint("net = gross - fee", name="foots"),)


class PayoutBatch(Base):
    """A match of many to one: `count` lines whose `net` is exactly what the payout line `payout_id`
    takes away, by which rule of which rule set, when, by whom. A payout stands in one at most."""

    __tablename__ = "payout_batch"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    payout_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement_line.id"), unique=True)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    count: Mapped[int]
    gross: Mapped[int]
    fee: Mapped[int]
    net: Mapped[int]
    rule: Mapped[str]
    rule_set: Mapped[int]
    matched_at: Mapped[datetime]
    matched_by: Mapped[str]

    __table_args__ = (CheckConstraint("net = gross - fee", name="foots"),)


def carrier_of_share() -> ColumnElement[str | None]:
    """SQL: the reference of the payout that carries a `StatementShare` of its `Statement`."""
    return sql.coalesce(sql.nullif(StatementShare.batch, ""), Statement.batch)


def carrier_of_payout() -> ColumnElement[str | None]:
    """SQL: the reference under which a payout's `StatementLine` of its `Statement` carries lines: its own,
    or that of all payouts of the file together."""
    return case((Statement.paid_by == JOINT, Statement.batch), else_=StatementLine.rail_ref)


def carrier_of_line() -> ColumnElement[str | None]:
    """SQL: the reference of the payout that carries a `StatementLine` of its `Statement`."""
    return sql.coalesce(StatementLine.batch, Statement.batch)
