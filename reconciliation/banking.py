"""Bank leg: the provider's payouts and the credits on the operator's bank account.

A payout line of a settlement file and a bank credit are one pair when they carry the same batch
reference; with the same amount they are a match (rule ``batch``). A payout is missing at the bank
once the bank's files of both following days are there and hold no credit for it; a credit is
unexplained once the settlement file of the day before it is there, or the account's window is over.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments.db import business_day
from reconciliation.breaks import (
    BreakClass,
    Finding,
    LooseLine,
    Pair,
    classify_line,
    classify_pair,
)
from reconciliation.days import BANK_DAYS, DAY, is_complete
from reconciliation.matching import insert_matches, line_order, log_matches
from reconciliation.models import BANK, SETTLEMENT, Assignment, Break, StatementLine
from reconciliation.opening import write
from reconciliation.rules.windows import lateness
from reconciliation.sides import (
    Rows,
    Scope,
    Sides,
    by_person,
    is_live,
    is_payout,
    line_matched,
    line_paired,
)
from reconciliation.worklists import NEW_LINES

#: The payout's line in the settlement file; `StatementLine` itself is the bank's credit.
Payout = aliased(StatementLine, name="payout")


def match_payouts(tx: Session, scope: Scope) -> int:
    """Match the credits that agree with a payout in reference, amount and currency; how many."""
    alike = (Payout.rail_ref, Payout.gross, Payout.currency)
    credit_rank = sql.dense_rank().over(partition_by=alike, order_by=line_order())
    payout_rank = sql.dense_rank().over(
        partition_by=alike, order_by=(Payout.book_day, Payout.line_ref, Payout.id)
    )
    agreeing = and_(Payout.gross == -StatementLine.gross, Payout.currency == StatementLine.currency)
    pairs = (
        _pairs(scope)
        .where(agreeing)
        .add_columns(credit_rank.label("credit_rank"), payout_rank.label("payout_rank"))
        .subquery()
    )
    found: Rows = select(pairs.c.line_id, pairs.c.payout_id)
    agreed = found.where(pairs.c.credit_rank == pairs.c.payout_rank)
    made = insert_matches(tx, scope, BANK, "batch", agreed)
    log_matches(tx, scope, BANK)
    return made


def _pairs(scope: Scope) -> Rows:
    """Credits and payouts of the same batch that nothing claims yet."""
    return (
        select(StatementLine.id.label("line_id"), Payout.id.label("payout_id"))
        .select_from(NEW_LINES)
        .join(StatementLine, StatementLine.id == NEW_LINES.c.id)
        .join(Payout, Payout.rail_ref == StatementLine.rail_ref)
        .where(
            NEW_LINES.c.leg == BANK,
            Payout.account_id == scope.account_id,
            is_payout(Payout),
            ~line_matched(BANK),
            ~_payout_matched(),
            ~_payout_settled(),
        )
    )


def _payout_matched() -> Any:
    found = select(Assignment.id).where(Assignment.leg == BANK, Assignment.payout_id == Payout.id)
    return found.exists()


def _payout_settled() -> Any:
    own = aliased(Break)
    settled = own.leg == BANK, own.payout_id == Payout.id, by_person(own)
    return select(own.id).where(*settled).exists()


def _payout_claimed(*, paired: bool) -> Any:
    """Whether a live break names the payout; with a credit, if `paired`."""
    own = aliased(Break)
    claims = select(own.id).where(own.leg == BANK, own.payout_id == Payout.id, is_live(own))
    return (claims.where(own.line_id.is_not(None)) if paired else claims).exists()


def open_bank_breaks(tx: Session, scope: Scope) -> int:
    """Open the breaks of the bank leg that are not open yet; how many."""
    return _open_pairs(tx, scope) + _open_credits(tx, scope) + _open_payouts(tx, scope)


def _open_pairs(tx: Session, scope: Scope) -> int:
    credit_rank = sql.dense_rank().over(partition_by=Payout.rail_ref, order_by=line_order())
    payout_rank = sql.dense_rank().over(
        partition_by=Payout.rail_ref, order_by=(Payout.book_day, Payout.line_ref, Payout.id)
    )
    pairs = (
        _pairs(scope)
        .where(~line_paired(BANK), ~_payout_claimed(paired=True))
        .add_columns(
            Payout.book_day,
            Payout.gross.label("paid_out"),
            Payout.currency.label("our_currency"),
            StatementLine.gross,
            StatementLine.currency.label("their_currency"),
            credit_rank.label("credit_rank"),
            payout_rank.label("payout_rank"),
        )
        .subquery()
    )
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(select(pairs).where(pairs.c.credit_rank == pairs.c.payout_rank)):
        pair = Pair(row.gross, row.their_currency, 0, -row.paid_out, row.our_currency, None)
        finding = classify_pair(pair)
        if finding is not None:
            sides = Sides(row.book_day, row.our_currency, row.line_id, payout_id=row.payout_id)
            found.append((sides, finding))
    return write(tx, scope, BANK, found, timing=False)


def _open_credits(tx: Session, scope: Scope) -> int:
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(_loose_credits(scope)):
        line = LooseLine(row.kind, row.gross, row.taken, False, False, None)
        finding = classify_line(line)
        if finding.kind != row.known_as and credit_is_due(
            tx, scope.account_id, row.book_day, scope.now
        ):
            found.append((Sides(row.book_day, row.currency, row.id), finding))
    return write(tx, scope, BANK, found, timing=False)


def _loose_credits(scope: Scope) -> Rows:
    """New credits without a match, with the class each is known under so far."""
    claim = aliased(Break)
    claimed = and_(claim.leg == BANK, claim.line_id == StatementLine.id, is_live(claim))
    same_batch = (
        select(Payout.id)
        .where(
            Payout.account_id == scope.account_id,
            is_payout(Payout),
            Payout.rail_ref == StatementLine.rail_ref,
        )
        .exists()
    )
    return (
        select(
            StatementLine.id,
            StatementLine.book_day,
            StatementLine.currency,
            StatementLine.kind,
            StatementLine.gross,
            same_batch.label("taken"),
            claim.kind.label("known_as"),
        )
        .select_from(NEW_LINES)
        .join(StatementLine, StatementLine.id == NEW_LINES.c.id)
        .outerjoin(claim, claimed)
        .where(
            NEW_LINES.c.leg == BANK,
            ~line_matched(BANK),
            ~line_paired(BANK),
            or_(claim.id.is_(None), claim.state == "open"),
        )
    )


def credit_is_due(tx: Session, account_id: uuid.UUID, day: date, now: datetime) -> bool:
    """Whether the settlement file that explains the credits of `day` should have been read by now."""
    late = business_day(now) > day + lateness(tx, account_id, now)
    return late or is_complete(tx, account_id, SETTLEMENT, day - DAY)


def payout_is_due(tx: Session, account_id: uuid.UUID, day: date) -> bool:
    """Whether the bank has told of every day on which the payout of `day` should have arrived."""
    return all(is_complete(tx, account_id, BANK, day + later) for later in BANK_DAYS)


def _open_payouts(tx: Session, scope: Scope) -> int:
    """Payouts the bank should know of and does not. Whichever of the three files comes last, the
    settlement's or one of the bank's two, this finds it."""
    days = [
        day
        for day in (scope.day, *(scope.day - later for later in BANK_DAYS))
        if payout_is_due(tx, scope.account_id, day)
    ]
    loose = select(Payout.id, Payout.book_day, Payout.currency, Payout.gross).where(
        Payout.account_id == scope.account_id,
        is_payout(Payout),
        Payout.book_day.in_(days),
        ~_payout_matched(),
        ~_payout_claimed(paired=False),
    )
    found = [
        (
            Sides(row.book_day, row.currency, payout_id=row.id),
            Finding(BreakClass.MISSING_EXTERNAL, row.gross),
        )
        for row in tx.execute(loose)
    ]
    return write(tx, scope, BANK, found, timing=True)
