"""How the two sides of a comparison are named and signed, as SQL.

Amounts are signed towards us on both sides: a receipt is positive; refunds and reversals are
negative. Fees and payouts are booked from the provider's own lines, so comparing them with those
lines would prove nothing; they are not compared.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Exists,
    Select,
    and_,
    case,
    literal,
    not_,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased
from sqlalchemy.orm.util import AliasedClass

from payments.models import MerchantAccount, Movement
from payments.provider import LineKind, MovementKind
from reconciliation.models import BANK, SETTLEMENT, Assignment, Break, Statement, StatementLine
from reconciliation.rules.windows import LATENESS

#: A query of some columns; their types are read where the rows are.
Rows = Select[*tuple[Any, ...]]

#: Kinds of movement that the provider's lines must confirm.
COMPARED = (MovementKind.RECEIPT.value, MovementKind.REFUND.value, MovementKind.REVERSAL.value)

#: A day's payout stands in the bank's files of the two days after it.
LOOK_AHEAD = {SETTLEMENT: timedelta(0), BANK: timedelta(days=2)}

#: What a break says when a later fact explained it; it then claims neither side any more.
MATCHED, LATE, SUPERSEDED = "matched", "late", "superseded"
#: A rule says that its line is not parking.
NOT_PARKING = "not_parking"
EXPLAINED = (MATCHED, LATE, SUPERSEDED, NOT_PARKING)


@dataclass(frozen=True, slots=True)
class Scope:
    """One look at one day of one account. `complete`: its settlement file is all there. `lateness`: so
    long after it was due what has not come may still come."""

    account: MerchantAccount
    day: date
    now: datetime
    due_at: datetime
    complete: bool
    lateness: timedelta = LATENESS

    @property
    def account_id(self) -> uuid.UUID:
        return self.account.id

    @property
    def late_at(self) -> datetime:
        """From then on nothing of the day is awaited any more."""
        return self.due_at + self.lateness

    @property
    def fee_permyriad(self) -> int | None:
        """The agreed fee on receipts in hundredths of a percent; None: fees are not judged."""
        agreed = self.account.settings.get("fee_permyriad")
        return agreed if type(agreed) is int else None


@dataclass(frozen=True, slots=True)
class Sides:
    """What a break is about: its day and currency, and the rows on either side."""

    day: date
    currency: str
    line_id: uuid.UUID | None = None
    movement_id: uuid.UUID | None = None
    payout_id: uuid.UUID | None = None


def counterpart_kind() -> ColumnElement[str | None]:
    """The kind of movement a settlement line speaks of: money taken back is a refund when the
    provider calls it one and a reversal otherwise; income that is not a payment has none."""
    taken_back = and_(
        StatementLine.kind.in_((LineKind.PAYMENT.value, LineKind.OTHER.value)),
        StatementLine.gross < 0,
    )
    return case(
        (StatementLine.kind == LineKind.REFUND.value, MovementKind.REFUND.value),
        (taken_back, MovementKind.REVERSAL.value),
        (StatementLine.kind == LineKind.PAYMENT.value, MovementKind.RECEIPT.value),
        else_=null(),
    )


def signed_amount() -> ColumnElement[int]:
    """Our movement's amount, signed towards us."""
    received = Movement.kind == MovementKind.RECEIPT.value
    return case((received, Movement.amount), else_=-Movement.amount)


def expected_fee(scope: Scope) -> ColumnElement[int] | None:
    """The agreed fee of our movement, rounded half up; on money that goes back nothing is charged.
    None where fees are not judged."""
    if scope.fee_permyriad is None:
        return None
    on_receipts = (Movement.amount * scope.fee_permyriad + 5_000) // 10_000
    return case((Movement.kind == MovementKind.RECEIPT.value, on_receipts), else_=0)


def is_live(of: type[Break] = Break) -> ColumnElement[bool]:
    """A break that still claims its sides: open, or resolved by a person's own explanation."""
    return or_(of.state == "open", of.resolution.not_in(EXPLAINED))


def is_payout(
    line: type[StatementLine] | AliasedClass[StatementLine] = StatementLine,
) -> ColumnElement[bool]:
    """A settlement line by which the provider passes money on. The kind is a literal: only then do
    databases see that the index of these few lines has all they need."""
    kind = literal(LineKind.PAYOUT.value, literal_execute=True)
    return and_(line.leg == SETTLEMENT, line.kind == kind)


def match_of_line(leg: str) -> ColumnElement[bool]:
    """Joins a line with its match on `leg`. The leg comes first in every key of `Assignment`: a
    database finds nothing quickly without it."""
    return and_(Assignment.leg == leg, Assignment.line_id == StatementLine.id)


def match_of_movement() -> ColumnElement[bool]:
    """Joins a movement with its match."""
    return and_(Assignment.leg == SETTLEMENT, Assignment.movement_id == Movement.id)


def line_matched(leg: str) -> Exists:
    """Whether the line of the enclosing query is matched on `leg`."""
    return select(Assignment.id).where(match_of_line(leg)).exists()


def movement_matched() -> Exists:
    """Whether the movement of the enclosing query is matched."""
    return select(Assignment.id).where(match_of_movement()).exists()


def by_person(of: type[Break] = Break) -> ColumnElement[bool]:
    """A break that a person resolved: it claims its sides until they take that back, so that money
    which was written off is not matched behind their back and told twice."""
    return and_(of.state == "resolved", of.resolution.not_in(EXPLAINED))


def line_settled(leg: str) -> Exists:
    """Whether a person resolved a difference about the line of the enclosing query."""
    own = aliased(Break)
    return (
        select(own.id)
        .where(own.leg == leg, own.line_id == StatementLine.id, by_person(own))
        .exists()
    )


def movement_settled() -> Exists:
    """Whether a person resolved a difference about the movement of the enclosing query."""
    own = aliased(Break)
    return select(own.id).where(own.movement_id == Movement.id, by_person(own)).exists()


def line_paired(leg: str) -> Exists:
    """Whether a live break already names the line together with a counterpart."""
    own = aliased(Break)
    return (
        select(own.id)
        .where(
            own.leg == leg,
            own.line_id == StatementLine.id,
            or_(own.movement_id.is_not(None), own.payout_id.is_not(None)),
            is_live(own),
        )
        .exists()
    )


def movement_paired() -> Exists:
    """Whether a live break already names the movement together with a line."""
    own = aliased(Break)
    return (
        select(own.id)
        .where(
            own.movement_id == Movement.id,
            own.line_id.is_not(None),
            is_live(own),
        )
        .exists()
    )


def _touched(scope: Scope, leg: str) -> ColumnElement[bool]:
    """Breaks whose sides are looked at again: open ones, and those resolved a moment ago."""
    return and_(
        Break.account_id == scope.account_id,
        Break.leg == leg,
        or_(Break.state == "open", Break.resolved_at == scope.now),
    )


def lines_in_scope(scope: Scope, leg: str, told: Rows) -> CompoundSelect[Any]:
    """What `told`, a query of `StatementLine`, says of the lines to look at: those of the day's files
    and those of open breaks."""
    of_day = and_(
        Statement.account_id == scope.account_id,
        Statement.leg == leg,
        Statement.day.between(scope.day, scope.day + LOOK_AHEAD[leg]),
    )
    of_breaks = StatementLine.id.in_(select(Break.line_id).where(_touched(scope, leg)))
    every = told.join(Statement, Statement.id == StatementLine.statement_id)
    return union_all(every.where(of_day), every.where(of_breaks, not_(of_day)))


def movements_in_scope(scope: Scope, leg: str, told: Rows) -> CompoundSelect[Any]:
    """What `told`, a query of `Movement`, says of the movements to look at: those of the day and those
    of open breaks."""
    on_day = and_(
        Movement.account_id == scope.account_id,
        Movement.book_day == scope.day,
        Movement.kind.in_(COMPARED),
    )
    of_breaks = Movement.id.in_(select(Break.movement_id).where(_touched(scope, leg)))
    return union_all(told.where(on_day), told.where(of_breaks, not_(on_day)))
