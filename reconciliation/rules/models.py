"""Rows of rules: what was proposed, who agreed, and the lines that a rule has named; and of pairs that
a person proposed by hand."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from payments.db import Base, new_id

#: Tables of this room whose rows may never change; the decision about a proposal is added to it.
APPEND_ONLY = ("line_rule", "hand_match")

#: Proposals that wait: at most one for each side.
_UNDECIDED: dict[str, Any] = {
    f"{dialect}_where": text("outcome IS NULL") for dialect in ("sqlite", "postgresql")
}

#: Kinds of a rule.
OTHER_KIND, TOLERANCE, WINDOW = "other", "tolerance", "window"


class LineRule(Base):
    """One version of a rule. `kind` ``other``: which lines of an operator's statements are not parking;
    ``tolerance``: by how many minor units (`tolerance`) the two sides of a pair that shares its
    reference may differ on one account; ``window``: after how many `days` what has not come is missing
    (`rules.windows`), on one account or on all of the operator's.

    Versions of one rule share its `series`. `account_id`: of one merchant account, or of all of the
    operator's. `words`: phrases, separated by ``;``, that all stand in the line's text
    (`rules.words`), `party` likewise in the name or as the whole account number of the other side; empty
    ones ask for nothing. `sign`: 1 for money that came in, -1 for money that went out. `least`, `most`:
    bounds of the amount without its sign, both included, minor units. `label` says what such money
    is. The rule counts from `approved_at` until `retired_at`; nobody approves their own. What it
    says never changes: a change is the next version.
    """

    __tablename__ = "line_rule"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    series: Mapped[uuid.UUID]
    version: Mapped[int]
    operator: Mapped[str]
    account_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("merchant_account.id"))
    kind: Mapped[str] = mapped_column(default=OTHER_KIND)
    tolerance: Mapped[int | None]
    days: Mapped[int | None]
    leg: Mapped[str]
    words: Mapped[str]
    party: Mapped[str] = mapped_column(default="")
    sign: Mapped[int]
    least: Mapped[int | None]
    most: Mapped[int | None]
    label: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]
    retired_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("series", "version"),
        CheckConstraint("kind IN ('other', 'tolerance', 'window')", name="kind"),
        CheckConstraint(
            "(kind = 'tolerance') = (tolerance IS NOT NULL AND account_id IS NOT NULL)",
            name="what_it_says",
        ),
        CheckConstraint("tolerance > 0", name="tolerance"),
        CheckConstraint("(kind = 'window') = (days IS NOT NULL)", name="window"),
        CheckConstraint("days BETWEEN 0 AND 31", name="days"),
        CheckConstraint("leg IN ('settlement', 'bank')", name="leg"),
        CheckConstraint("sign IN (1, -1)", name="sign"),
        CheckConstraint("least > 0 AND most >= least", name="range"),
        CheckConstraint("approved_by <> proposed_by", name="two_people"),
        Index("ix_line_rule_operator", "operator"),
    )

    @property
    def state(self) -> str:
        """waiting, counting, retired or refused"""
        if self.retired_at is not None:
            return "retired" if self.approved_at else "refused"
        return "counting" if self.approved_at else "waiting"


class OtherLine(Base):
    """A line that `rule_id` names: it is neither matched nor a difference. Taken back when the rule is
    retired; `AssignmentLog` keeps both acts."""

    __tablename__ = "other_line"

    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement_line.id"), primary_key=True)
    leg: Mapped[str]
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"), index=True)
    rule_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("line_rule.id"), index=True)
    at: Mapped[datetime]


class HandMatch(Base):
    """A pair that one person proposed to make (`act` ``match``) or to take apart (``unmatch``) because it
    is above the limit, and what became of it: approved by another person, refused by anybody, or
    lapsed, because the sides had gone their own way before anybody decided. `amount` is what the pair
    weighs, `difference` theirs − ours, minor units. What was proposed never changes."""

    __tablename__ = "hand_match"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("merchant_account.id"))
    act: Mapped[str]
    line_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("statement_line.id"))
    movement_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("movement.id"))
    amount: Mapped[int]
    difference: Mapped[int]
    currency: Mapped[str]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    outcome: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("act IN ('match', 'unmatch')", name="act"),
        CheckConstraint("outcome IN ('approved', 'refused', 'lapsed')", name="outcome"),
        CheckConstraint(
            "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
            name="decided",
        ),
        CheckConstraint("outcome <> 'approved' OR decided_by <> proposed_by", name="two_people"),
        Index("ux_hand_match_line", "line_id", unique=True, **_UNDECIDED),
        Index("ux_hand_match_movement", "movement_id", unique=True, **_UNDECIDED),
    )
