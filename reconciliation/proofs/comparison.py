"""Reconciliation: each side in exactly one match or break per leg, control totals, fees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.models import MerchantAccount, Movement
from payments.provider import LineKind, MovementKind
from reconciliation.banking import credit_is_due, payout_is_due
from reconciliation.days import IN_FLIGHT
from reconciliation.models import (
    BANK,
    SETTLEMENT,
    AccountDay,
    Assignment,
    Break,
    Statement,
    StatementLine,
)
from reconciliation.proofs.violation import Violation
from reconciliation.rules.differing import booked_for, entry_for
from reconciliation.rules.models import LineRule, OtherLine
from reconciliation.rules.words import names_us
from reconciliation.sides import (
    COMPARED,
    Rows,
    is_live,
    is_payout,
    signed_amount,
)

ONCE = "each_side_once_per_leg"
OTHER_MONEY = "matched with other money"


def each_side_once_per_leg(tx: Session) -> Iterator[Violation]:
    """Every line and every movement that is due stands in exactly one match or break of its leg,
    or a rule says that the line is not parking."""
    yield from _settlement_lines(tx)
    yield from _movements(tx)
    yield from _payouts(tx)
    yield from _credits(tx)


def _claims(
    leg: str, match: ColumnElement[bool], difference: ColumnElement[bool]
) -> ColumnElement[int]:
    matches = select(sql.count()).select_from(Assignment).where(Assignment.leg == leg, match)
    breaks = select(sql.count()).select_from(Break).where(Break.leg == leg, difference, is_live())
    return _number(matches) + _number(breaks)


def _number(counted: Any) -> ScalarSelect[int]:
    number: ScalarSelect[int] = counted.scalar_subquery()
    return number


def _line_claims(leg: str) -> ColumnElement[int]:
    named = select(sql.count()).where(OtherLine.leg == leg, OtherLine.line_id == StatementLine.id)
    claims = _claims(leg, Assignment.line_id == StatementLine.id, Break.line_id == StatementLine.id)
    return claims + _number(named)


def _looked_at() -> ColumnElement[bool]:
    """The statement was there when its account-day was last compared."""
    return and_(
        AccountDay.account_id == Statement.account_id,
        AccountDay.day == Statement.day,
        AccountDay.reconciled_at >= Statement.received_at,
    )


def _settlement_lines(tx: Session) -> Iterator[Violation]:
    claims = _line_claims(SETTLEMENT)
    rows = (
        select(StatementLine.line_ref, claims)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(AccountDay, _looked_at())
        .where(
            StatementLine.leg == SETTLEMENT,
            StatementLine.kind != LineKind.PAYOUT.value,
            claims != 1,
        )
    )
    for line_ref, count in tx.execute(rows):
        yield Violation(ONCE, f"statement_line {line_ref}", f"claimed {count} times on settlement")


def _movements(tx: Session) -> Iterator[Violation]:
    claims = _claims(
        SETTLEMENT, Assignment.movement_id == Movement.id, Break.movement_id == Movement.id
    )
    compared = and_(
        AccountDay.account_id == Movement.account_id, AccountDay.day == Movement.book_day
    )
    complete = AccountDay.state == "complete"
    rows = (
        select(Movement.rail_ref, claims, Movement.recorded_at, AccountDay.reconciled_at)
        .outerjoin(AccountDay, compared)
        .where(Movement.kind.in_(COMPARED), or_(claims > 1, and_(complete, claims == 0)))
    )
    for rail_ref, count, recorded_at, looked_at in tx.execute(rows):
        if count or recorded_at <= looked_at - IN_FLIGHT:
            yield Violation(ONCE, f"movement {rail_ref}", f"claimed {count} times on settlement")


def _payouts(tx: Session) -> Iterator[Violation]:
    claims = _claims(
        BANK, Assignment.payout_id == StatementLine.id, Break.payout_id == StatementLine.id
    )
    rows = (
        select(StatementLine, claims)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(AccountDay, _looked_at())
        .where(
            is_payout(),
            claims != 1,
        )
    )
    for line, count in tx.execute(rows):
        if count or payout_is_due(tx, line.account_id, line.book_day):
            yield Violation(
                ONCE, f"statement_line {line.line_ref}", f"claimed {count} times on bank"
            )


def _credits(tx: Session) -> Iterator[Violation]:
    claims = _line_claims(BANK)
    rows = (
        select(StatementLine, claims, AccountDay.reconciled_at)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(AccountDay, _looked_at())
        .where(StatementLine.leg == BANK, claims != 1)
    )
    for line, count, looked_at in tx.execute(rows):
        if count or credit_is_due(tx, line.account_id, line.book_day, looked_at):
            yield Violation(
                ONCE, f"statement_line {line.line_ref}", f"claimed {count} times on bank"
            )


def other_lines_name_nobody(tx: Session) -> Iterator[Violation]:
    """What a rule calls not parking carries no code of ours, and two people approved the rule."""
    rows: Rows = (
        select(
            StatementLine.line_ref,
            StatementLine.order_code,
            StatementLine.text,
            LineRule.approved_by,
        )
        .join(OtherLine, OtherLine.line_id == StatementLine.id)
        .join(LineRule, LineRule.id == OtherLine.rule_id)
        .execution_options(yield_per=1_000)
    )
    for line_ref, order_code, text, approved_by in tx.execute(rows):
        if approved_by is None or order_code is not None or names_us(text):
            found = "named by a rule nobody approved" if approved_by is None else "carries our code"
            yield Violation("other_lines_name_nobody", f"statement_line {line_ref}", found)


def matches_agree(tx: Session) -> Iterator[Violation]:
    """Both sides of a match are of one account and carry the same money, or what they differ by is
    booked."""
    yield from _settled_agree(tx)
    yield from _differing_booked(tx)
    yield from _banked_agree(tx)


def _settled_agree(tx: Session) -> Iterator[Violation]:
    settled = (
        select(StatementLine.line_ref)
        .join(Assignment, Assignment.line_id == StatementLine.id)
        .join(Movement, Movement.id == Assignment.movement_id)
        .where(
            or_(
                Movement.account_id != StatementLine.account_id,
                Movement.currency != StatementLine.currency,
                Movement.kind.not_in(COMPARED),
            )
        )
    )
    for line_ref in tx.scalars(settled):
        yield Violation("matches_agree", f"statement_line {line_ref}", OTHER_MONEY)


def _differing_booked(tx: Session) -> Iterator[Violation]:
    off = StatementLine.gross - signed_amount()
    differing = (
        select(StatementLine.id, StatementLine.line_ref, off, MerchantAccount)
        .join(Assignment, Assignment.line_id == StatementLine.id)
        .join(Movement, Movement.id == Assignment.movement_id)
        .join(MerchantAccount, MerchantAccount.id == StatementLine.account_id)
        .where(off != 0)
    )
    for line_id, line_ref, difference, account in tx.execute(differing):
        booked, entry = booked_for(tx, line_id), entry_for(account, difference)
        made = booked and (booked.debit, booked.credit, booked.amount)
        if made != (entry.debit, entry.credit, abs(difference)):
            yield Violation("matches_agree", f"statement_line {line_ref}", "difference not booked")


def _banked_agree(tx: Session) -> Iterator[Violation]:
    payout = aliased(StatementLine)
    banked = (
        select(StatementLine.line_ref)
        .join(Assignment, Assignment.line_id == StatementLine.id)
        .join(payout, payout.id == Assignment.payout_id)
        .where(
            or_(
                payout.account_id != StatementLine.account_id,
                payout.currency != StatementLine.currency,
                payout.gross != -StatementLine.gross,
            )
        )
    )
    for line_ref in tx.scalars(banked):
        yield Violation("matches_agree", f"statement_line {line_ref}", OTHER_MONEY)


def control_totals_hold(tx: Session) -> Iterator[Violation]:
    """Count and sums a file claimed are those of its lines, told here or by an earlier file."""
    pairs = (
        (Statement.count, Statement.repeated_count, sql.count(StatementLine.id)),
        (Statement.gross, Statement.repeated_gross, _total(StatementLine.gross)),
        (Statement.fee, Statement.repeated_fee, _total(StatementLine.fee)),
        (Statement.net, Statement.repeated_net, _total(StatementLine.net)),
    )
    wrong = or_(*(claimed != repeated + found for claimed, repeated, found in pairs))
    rows: Rows = (
        select(Statement.name, *(found for _, _, found in pairs))
        .outerjoin(StatementLine, StatementLine.statement_id == Statement.id)
        .group_by(Statement.id)
        .having(wrong)
    )
    for name, *found in tx.execute(rows):
        makes = f"its lines make {', '.join(map(str, found))}"
        yield Violation("control_totals_hold", f"statement {name}", makes)


def _total(column: Any) -> Any:
    return sql.coalesce(sql.sum(column), 0)


def fees_are_booked(tx: Session) -> Iterator[Violation]:
    """Every fee of a compared statement is a movement of the same amount."""
    booked = and_(
        Movement.account_id == StatementLine.account_id,
        Movement.kind == MovementKind.FEE.value,
        Movement.rail_ref == StatementLine.line_ref,
        Movement.occurrence == StatementLine.occurrence,
    )
    rows = (
        select(StatementLine.line_ref, StatementLine.fee, Movement.amount)
        .join(Statement, Statement.id == StatementLine.statement_id)
        .join(AccountDay, _looked_at())
        .outerjoin(Movement, booked)
        .where(
            StatementLine.leg == SETTLEMENT,
            StatementLine.fee > 0,
            or_(Movement.id.is_(None), Movement.amount != StatementLine.fee),
        )
    )
    for line_ref, fee, amount in tx.execute(rows):
        found = f"fee {fee}, booked {amount or 0}"
        yield Violation("fees_are_booked", f"statement_line {line_ref}", found)
