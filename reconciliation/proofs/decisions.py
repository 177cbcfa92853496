"""Differences people resolved: the log says who and why, two people were two, and what they booked is
exactly what their reason books, no more and no less."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from sqlalchemy import Exists, ScalarSelect, and_, or_, select
from sqlalchemy.orm import Session, aliased

from payments import ledger
from payments.adjusting import UNDO
from payments.audit import salted_digest
from payments.models import MerchantAccount, Transfer
from reconciliation.models import Break, StatementLine
from reconciliation.proofs.violation import Violation
from reconciliation.resolving.booking import THEIRS, Booking, bookings
from reconciliation.resolving.deciding import matter
from reconciliation.resolving.models import DECISIONS, RESOLVING, Act, BreakAct, BreakWords
from reconciliation.resolving.reasons import REASONS
from reconciliation.sides import Rows, by_person

#: Rows read at a time.
CHUNK = 500


def words_equal_their_digests(tx: Session) -> Iterator[Violation]:
    """What stands beside an act of a person is what they wrote."""
    rows = select(BreakAct.id, BreakAct.digest, BreakWords.salt, BreakWords.words).join(
        BreakWords, BreakWords.act_id == BreakAct.id
    )
    for act_id, digest, salt, words in tx.execute(rows.execution_options(yield_per=CHUNK)):
        if salted_digest(salt, words.encode()) != digest:
            yield Violation("words_equal_their_digests", f"break_act {act_id}", "other words")


def resolutions_are_in_the_log(tx: Session) -> Iterator[Violation]:
    """The last decision about a difference that a person resolved is a resolution, for the reason it
    carries; the last one about an open difference is none."""
    rule, last = "resolutions_are_in_the_log", aliased(BreakAct)
    rows = (
        select(Break.id, Break.state, Break.resolution, last.act, last.reason)
        .outerjoin(last, last.id == _last_decision())
        .where(
            or_(
                and_(by_person(), last.act.is_(None)),
                and_(by_person(), last.act.not_in(RESOLVING)),
                and_(by_person(), last.reason.is_distinct_from(Break.resolution)),
                and_(Break.state == "open", last.act.in_(RESOLVING)),
            )
        )
    )
    for break_id, state, resolution, act, reason in tx.execute(rows):
        found = f"{state} as {resolution}, the log says {act or 'nothing'} {reason or ''}".rstrip()
        yield Violation(rule, f"break {break_id}", found)


def approvals_take_two_people(tx: Session) -> Iterator[Violation]:
    """Whoever approved is not who proposed."""
    asked = aliased(BreakAct)
    proposals = (Act.PROPOSE.value, Act.PROPOSE_UNDO.value)
    before = (
        select(asked.actor)
        .where(
            asked.break_id == BreakAct.break_id, asked.id < BreakAct.id, asked.act.in_(proposals)
        )
        .order_by(asked.id.desc())
        .limit(1)
        .correlate(BreakAct)
        .scalar_subquery()
    )
    approvals = (Act.APPROVE.value, Act.APPROVE_UNDO.value)
    rows = select(BreakAct.id, BreakAct.actor, before.label("asked_by")).where(
        BreakAct.act.in_(approvals), before.is_not_distinct_from(BreakAct.actor)
    )
    for act_id, actor, _ in tx.execute(rows):
        found = f"{actor} approved what {actor} proposed"
        yield Violation("approvals_take_two_people", f"break_act {act_id}", found)


def resolutions_are_booked(tx: Session) -> Iterator[Violation]:
    """A difference resolved by a person has the transfers its reason books, and every such transfer
    belongs to a difference so resolved, or was taken back."""
    rule = "resolutions_are_booked"
    for row in tx.execute(_resolved().execution_options(yield_per=CHUNK)):
        reason = REASONS.get(row.Break.resolution)
        theirs = (row.gross, row.currency) if row.currency else None
        wanted = matter(row.Break, row.MerchantAccount, theirs)
        expected = [] if reason is None else [*map(_seen, bookings(wanted, reason))]
        found = [_told(one) for one in (row.booked, row.theirs) if one is not None]
        if reason is None or expected != found or row.undone:
            told = f"{row.Break.resolution}, booked {found}, wanted {expected}"
            yield Violation(rule, f"break {row.Break.id}", told)
    for cause in tx.scalars(_strays()):
        yield Violation(rule, f"transfer {cause}", "no difference is resolved by it")


def _resolved() -> Rows:
    booked = aliased(Transfer, name="booked")
    theirs = aliased(Transfer, name="theirs")
    foreign = and_(StatementLine.id == Break.line_id, StatementLine.currency != Break.currency)
    return (
        select(
            Break,
            MerchantAccount,
            StatementLine.gross,
            StatementLine.currency,
            booked,
            theirs,
            _undone(booked).label("undone"),
        )
        .join(MerchantAccount, MerchantAccount.id == Break.account_id)
        .outerjoin(StatementLine, foreign)
        .outerjoin(BreakAct, BreakAct.id == _last_decision())
        .outerjoin(booked, booked.cause == BreakAct.cause)
        .outerjoin(theirs, theirs.cause == BreakAct.cause + THEIRS)
        .where(by_person())
    )


def _strays() -> Rows:
    """Adjustments for differences that stand, though nothing is resolved by them."""
    last = aliased(BreakAct)
    caused = or_(Transfer.cause == last.cause, Transfer.cause == last.cause + THEIRS)
    standing = (
        select(last.id)
        .join(Break, Break.id == last.break_id)
        .where(caused, by_person(), last.id == _last_decision())
    )
    return select(Transfer.cause).where(
        Transfer.cause.startswith("break:"),
        Transfer.kind == ledger.ADJUSTED,
        ~_undone(Transfer),
        ~standing.exists(),
    )


def _last_decision() -> ScalarSelect[uuid.UUID]:
    one = aliased(BreakAct)
    found = select(one.id).where(one.break_id == Break.id, one.act.in_(DECISIONS))
    return found.order_by(one.id.desc()).limit(1).correlate(Break).scalar_subquery()


def _undone(of: type[Transfer]) -> Exists:
    back = aliased(Transfer)
    return select(back.id).where(back.cause == UNDO + of.cause).correlate(of).exists()


def _seen(booking: Booking) -> tuple[str, str, int, str]:
    return (
        booking.entry.debit, booking.entry.credit, booking.money.amount, booking.money.currency,
    )  # fmt: skip


def _told(transfer: Transfer) -> tuple[str, str, int, str]:
    return transfer.debit, transfer.credit, transfer.amount, transfer.currency
