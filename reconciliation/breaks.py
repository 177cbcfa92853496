"""What a difference is called, how large it is, how old, and which ones a day has.

Classes by name, in the words of the trade; `difference` is theirs − ours in minor units, both sides
signed towards us. Classification is pure: facts about the sides in, class and difference out.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.belonging import owner
from payments.models import MerchantAccount, Movement, Payment
from payments.provider import LineKind
from reconciliation.models import Break, Statement, StatementLine
from reconciliation.sides import SUPERSEDED, Rows


class BreakClass(StrEnum):
    """Every name a difference can have."""

    MISSING_EXTERNAL = "missing_external"
    MISSING_INTERNAL = "missing_internal"
    AMOUNT_MISMATCH = "amount_mismatch"
    CURRENCY_MISMATCH = "currency_mismatch"
    DUPLICATE_EXTERNAL = "duplicate_external"
    DUPLICATE_INTERNAL = "duplicate_internal"
    LATE = "late"
    FEE_MISMATCH = "fee_mismatch"
    STATUS_MISMATCH = "status_mismatch"
    REFUND_UNKNOWN = "refund_unknown"
    CHARGEBACK = "chargeback"
    AMBIGUOUS = "ambiguous"
    CONTROL_TOTAL = "control_total"
    UNPARSABLE_LINE = "unparsable_line"
    CASH_OVER = "cash_over"
    CASH_SHORT = "cash_short"


#: The names; two are whole files refused, `control_total` and `unparsable_line`, which are reported
#: and stored nowhere.
CLASSES = tuple(kind.value for kind in BreakClass)

#: Upper ends of the age groups in days; older than the last is a group of its own.
AGES = ((1, "0-1"), (3, "2-3"), (7, "4-7"), (30, "8-30"))

#: Payment states that say no money came; a settlement line about one contradicts them.
REFUSED = ("failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Finding:
    """A class and its difference."""

    kind: BreakClass
    difference: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A line and the counterpart that its reference names. `expected_fee` is None where fees are
    not judged."""

    theirs: int
    theirs_currency: str
    fee: int
    ours: int
    ours_currency: str
    expected_fee: int | None


def classify_pair(pair: Pair) -> Finding | None:
    """What a pair disagrees in, the gravest first; None when it agrees in everything.

    In another currency nothing of our amount has arrived, so the difference is all of it.
    """
    if pair.theirs_currency != pair.ours_currency:
        return Finding(BreakClass.CURRENCY_MISMATCH, -pair.ours)
    if pair.theirs != pair.ours:
        return Finding(BreakClass.AMOUNT_MISMATCH, pair.theirs - pair.ours)
    if pair.expected_fee is not None and pair.fee != pair.expected_fee:
        return Finding(BreakClass.FEE_MISMATCH, pair.fee - pair.expected_fee)
    return None


@dataclass(frozen=True, slots=True)
class LooseLine:
    """A line nobody answers to. `taken`: its reference names money that another line has already;
    `rivals`: several movements, or several lines, would do; `payment_state`: of the payment of
    ours it names, if it names one; `known`: it names a payment or a receipt of ours."""

    kind: str
    gross: int
    taken: bool
    rivals: bool
    known: bool
    payment_state: str | None


def classify_line(line: LooseLine) -> Finding:
    """Why a line has no counterpart; the difference is all of it."""
    if line.kind == LineKind.COUNT:
        kind = BreakClass.CASH_OVER if line.gross > 0 else BreakClass.CASH_SHORT
    elif line.taken:
        kind = BreakClass.DUPLICATE_EXTERNAL
    elif line.rivals:
        kind = BreakClass.AMBIGUOUS
    elif line.kind == LineKind.REFUND:
        kind = BreakClass.REFUND_UNKNOWN
    elif line.gross < 0 and line.known:
        kind = BreakClass.CHARGEBACK
    elif line.payment_state in REFUSED:
        kind = BreakClass.STATUS_MISMATCH
    else:
        kind = BreakClass.MISSING_INTERNAL
    return Finding(kind, line.gross)


@dataclass(frozen=True, slots=True)
class LooseMovement:
    """A movement nobody confirmed, signed towards us. `taken`: its reference's lines are used up by
    its twins; `rivals`: a line would do, but not for it alone."""

    amount: int
    taken: bool
    rivals: bool


def classify_movement(movement: LooseMovement) -> Finding:
    """Why a movement has no line; the difference is all of it."""
    if movement.taken:
        kind = BreakClass.DUPLICATE_INTERNAL
    elif movement.rivals:
        kind = BreakClass.AMBIGUOUS
    else:
        kind = BreakClass.MISSING_EXTERNAL
    return Finding(kind, -movement.amount)


def age_group(day: date, today: date) -> str:
    """How long a difference of business day `day` has stood: 0-1, 2-3, 4-7, 8-30 or >30 days."""
    days = (today - day).days
    return next((name for last, name in AGES if days <= last), ">30")


@dataclass(frozen=True, slots=True)
class BreakRow:
    """A break as people and scripts see it. `account` is a slug, `payment` our payment code, `line`
    the provider's line reference (a payout's own one where the bank's credit is missing), `file` and
    `position` where their line stands. `owner` is the actor who has it."""

    id: uuid.UUID
    kind: str
    account: str
    payment: str | None
    line: str | None
    difference: int
    currency: str
    timing: bool
    state: str
    leg: str
    day: date
    opened_at: datetime
    resolved_at: datetime | None
    resolution: str | None
    cost_centre: str
    owner: str | None
    file: str | None
    position: int | None

    def as_json(self) -> dict[str, object]:
        """The fields scripts read: class, account, payment, line, difference, state, timing."""
        return {
            "class": self.kind,
            "account": self.account,
            "payment": self.payment,
            "line": self.line,
            "difference": self.difference,
            "state": self.state,
            "timing": self.timing,
        }


def list_breaks(tx: Session, day: date, account: str | None = None) -> list[BreakRow]:
    """Every difference of business day `day`, of one account (by slug) or of all; explained ones
    too, and only the newest word about each."""
    query = (
        select_breaks()
        .where(
            Break.day == day,
            or_(Break.resolution.is_(None), Break.resolution != SUPERSEDED),
        )
        .order_by(MerchantAccount.slug, Break.leg, Break.kind, Break.opened_at, Break.id)
    )
    if account is not None:
        query = query.where(MerchantAccount.slug == account)
    return [BreakRow(*row) for row in tx.execute(query)]


def select_breaks() -> Rows:
    """SQL: the fields of `BreakRow`, in their order, of every difference."""
    theirs, payout, file = aliased(StatementLine), aliased(StatementLine), aliased(Statement)
    by_movement, by_code = aliased(Payment), aliased(Payment)
    named = and_(
        by_code.code == theirs.order_code,
        by_code.account_id == Break.account_id,
        owner().is_(None),
    )
    return (
        select(
            Break.id,
            Break.kind,
            MerchantAccount.slug,
            sql.coalesce(by_movement.code, by_code.code),
            sql.coalesce(theirs.line_ref, payout.line_ref),
            Break.difference,
            Break.currency,
            Break.timing,
            Break.state,
            Break.leg,
            Break.day,
            Break.opened_at,
            Break.resolved_at,
            Break.resolution,
            sql.coalesce(by_movement.cost_centre, by_code.cost_centre, ""),
            Break.owner,
            file.name,
            theirs.position,
        )
        .join(MerchantAccount, MerchantAccount.id == Break.account_id)
        .outerjoin(theirs, theirs.id == Break.line_id)
        .outerjoin(file, file.id == theirs.statement_id)
        .outerjoin(payout, payout.id == Break.payout_id)
        .outerjoin(Movement, Movement.id == Break.movement_id)
        .outerjoin(by_movement, by_movement.id == owner())
        .outerjoin(by_code, named)
    )
