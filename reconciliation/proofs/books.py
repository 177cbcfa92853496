"""Ledger: every movement has exactly its one transfer, every refund the transfers of its state."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, and_, case, literal, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from payments import ledger
from payments.adjusting import UNDO
from payments.models import Attachment, MerchantAccount, Movement, Payment, Refund, Transfer
from payments.provider import MovementKind
from payments.setting_aside import ENTRY, SetAside
from reconciliation.proofs.violation import Violation
from reconciliation.sides import Rows


def transfers_equal_movements(tx: Session) -> Iterator[Violation]:
    """One transfer per movement as it was told, of the same money, operator and day, between the accounts that
    `payments.ledger.entry_for` names."""
    rule = "transfers_equal_movements"
    owner = MerchantAccount.id == Movement.account_id
    counted = (
        select(Movement.id, sql.count(Transfer.id))
        .outerjoin(Transfer, and_(Transfer.movement_id == Movement.id, _as_told()))
        .group_by(Movement.id)
        .having(sql.count(Transfer.id) != 1)
    )
    for movement_id, count in tx.execute(counted):
        yield Violation(rule, f"movement {movement_id}", f"{count} transfers instead of 1")
    differing = (
        select(Transfer.id)
        .join(Movement, Movement.id == Transfer.movement_id)
        .join(MerchantAccount, owner)
        .where(
            _as_told(),
            or_(
                Transfer.amount != Movement.amount,
                Transfer.currency != Movement.currency,
                Transfer.book_day != Movement.book_day,
                Transfer.operator != MerchantAccount.operator,
            ),
        )
    )
    for transfer_id in tx.scalars(differing):
        yield Violation(rule, f"transfer {transfer_id}", "other money, day or operator")
    yield from _wrong_accounts(tx, rule)


def _as_told() -> ColumnElement[bool]:
    """Not the transfer that an attachment caused later."""
    return Transfer.kind != ledger.ATTACHED.kind


def _wrong_accounts(tx: Session, rule: str) -> Iterator[Violation]:
    """Few ways to book exist, so the database lists those in use and `ledger` judges each one."""
    unknown, unasked = Movement.payment_id.is_(None), Movement.refund_id.is_(None)
    way = (Transfer.kind.label("entry"), Transfer.debit, Transfer.credit)
    cause = (Movement.account_id, Movement.kind, unknown.label("unknown"), unasked.label("unasked"))
    ways: Rows = (
        select(*cause, *way, sql.count().label("rows"), sql.min(Movement.rail_ref).label("example"))
        .join(Transfer, and_(Transfer.movement_id == Movement.id, _as_told()))
        .group_by(Movement.account_id, Movement.kind, unknown, unasked, *way)
    )
    for used in tx.execute(ways):
        account = tx.get_one(MerchantAccount, used.account_id)
        right = ledger.entry_for(used.kind, account, known=not used.unknown, asked=not used.unasked)
        if right != ledger.Entry(used.entry, used.debit, used.credit):
            found = f"{used.rows} booked as {used.entry} {used.debit} ← {used.credit}"
            yield Violation(rule, f"movement {account.slug} {used.kind} {used.example}", found)


def attachments_are_booked(tx: Session) -> Iterator[Violation]:
    """A receipt in suspense that was attached to a payment of its account and currency has exactly
    the transfer `payments.ledger.ATTACHED`, of all of it; nothing else has one."""
    rule = "attachments_are_booked"
    entry = ledger.ATTACHED
    moved = and_(Transfer.movement_id == Movement.id, Transfer.kind == entry.kind)
    right = and_(
        Transfer.debit == entry.debit,
        Transfer.credit == entry.credit,
        Transfer.amount == Movement.amount,
        Transfer.currency == Movement.currency,
        Movement.kind == MovementKind.RECEIPT,
        Movement.payment_id.is_(None),
        Payment.account_id == Movement.account_id,
        Payment.currency == Movement.currency,
    )
    unbooked = (
        select(Movement.rail_ref)
        .join(Attachment, Attachment.movement_id == Movement.id)
        .join(Payment, Payment.id == Attachment.payment_id)
        .outerjoin(Transfer, moved)
        .where(or_(Transfer.id.is_(None), ~right))
    )
    for rail_ref in tx.scalars(unbooked):
        yield Violation(rule, f"attachment of movement {rail_ref}", "not booked as one")
    unattached = (
        select(Transfer.id)
        .outerjoin(Attachment, Attachment.movement_id == Transfer.movement_id)
        .where(Transfer.kind == entry.kind, Attachment.movement_id.is_(None))
    )
    for transfer_id in tx.scalars(unattached):
        yield Violation(rule, f"transfer {transfer_id}", "nothing was attached")


def transfers_equal_refunds(tx: Session) -> Iterator[Violation]:
    """A refund was set aside once, put back when it failed and set aside again when it was done
    after all; each time all of it, between the accounts of `payments.ledger.REFUND_ENTRIES`."""
    rule = "transfers_equal_refunds"
    wrong_money = (
        select(Transfer.id)
        .join(Refund, Refund.id == Transfer.refund_id)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(or_(Transfer.amount != Refund.amount, Transfer.currency != Payment.currency))
    )
    for transfer_id in tx.scalars(wrong_money):
        yield Violation(rule, f"transfer {transfer_id}", "other money than its refund")
    entries = [
        and_(Transfer.kind == e.kind, Transfer.debit == e.debit, Transfer.credit == e.credit)
        for e in ledger.REFUND_ENTRIES.values()
    ]
    wrong_accounts = select(Transfer.id).where(Transfer.refund_id.is_not(None), ~or_(*entries))
    for transfer_id in tx.scalars(wrong_accounts):
        yield Violation(rule, f"transfer {transfer_id}", "not an entry of a refund")
    yield from _refund_states(tx, rule)


def _refund_states(tx: Session, rule: str) -> Iterator[Violation]:
    def kinds(kind: str) -> ColumnElement[int]:
        return sql.count(Transfer.id).filter(Transfer.kind == kind)

    counted = (
        select(
            Refund.key,
            Refund.state,
            kinds("refund_asked"),
            kinds("refund_failed"),
            kinds("refund_revived"),
        )
        .outerjoin(Transfer, Transfer.refund_id == Refund.id)
        .group_by(Refund.id, Refund.key, Refund.state)
    )
    for key, state, asked, failed, revived in tx.execute(counted):
        if (asked, failed - revived) != (1, 1 if state == "failed" else 0):
            found = f"{state}, with {asked} asked, {failed} failed, {revived} revived"
            yield Violation(rule, f"refund {key}", found)


def transfers_have_a_cause(tx: Session) -> Iterator[Violation]:
    """No transfer without the one thing it stands for: a movement, a refund or a person's decision."""
    causes = (Transfer.movement_id, Transfer.refund_id, Transfer.cause)
    named: ColumnElement[int] = sum(
        (case((cause.is_not(None), 1), else_=0) for cause in causes), start=literal(0)
    )
    for transfer_id, count in tx.execute(select(Transfer.id, named).where(named != 1)):
        found = f"{count} causes instead of 1"
        yield Violation("transfers_have_a_cause", f"transfer {transfer_id}", found)


def adjustments_are_whole(tx: Session) -> Iterator[Violation]:
    """What was taken back is an adjustment that was made: all of it, the other way round."""
    rule, made = "adjustments_are_whole", aliased(Transfer)
    whole = and_(
        made.operator == Transfer.operator,
        made.debit == Transfer.credit,
        made.credit == Transfer.debit,
        made.amount == Transfer.amount,
        made.currency == Transfer.currency,
        made.kind == ledger.ADJUSTED,
    )
    undone = (
        select(Transfer.cause)
        .outerjoin(made, and_(Transfer.cause == UNDO + made.cause, whole))
        .where(Transfer.kind == ledger.ADJUSTMENT_UNDONE, made.id.is_(None))
    )
    for cause in tx.scalars(undone):
        yield Violation(rule, f"transfer {cause}", "takes back what was never made like that")
    kinds = (ledger.ADJUSTED, ledger.ADJUSTMENT_UNDONE)
    other = select(Transfer.id).where(Transfer.cause.is_not(None), Transfer.kind.not_in(kinds))
    for transfer_id in tx.scalars(other):
        yield Violation(rule, f"transfer {transfer_id}", "has a cause and is no adjustment")


def set_aside_is_booked(tx: Session) -> Iterator[Violation]:
    """Money set aside is a receipt in suspense that left it by an adjustment that stands: all of it."""
    rule, back = "set_aside_is_booked", aliased(Transfer)
    attached = select(Attachment.movement_id).where(Attachment.movement_id == Movement.id)
    right = and_(
        Transfer.debit == ENTRY.debit,
        Transfer.credit == ENTRY.credit,
        Transfer.amount == Movement.amount,
        Transfer.currency == Movement.currency,
        Movement.kind == MovementKind.RECEIPT,
        Movement.payment_id.is_(None),
        ~attached.exists(),
        back.id.is_(None),
    )
    wrong = (
        select(Movement.rail_ref)
        .join(SetAside, SetAside.movement_id == Movement.id)
        .outerjoin(Transfer, Transfer.cause == SetAside.cause)
        .outerjoin(back, back.cause == UNDO + SetAside.cause)
        .where(or_(Transfer.id.is_(None), ~right))
    )
    for rail_ref in tx.scalars(wrong):
        yield Violation(rule, f"movement {rail_ref}", "set aside, and not booked so")


def movements_count_once(tx: Session) -> Iterator[Violation]:
    """The rail's reference is unique per account, kind and occurrence."""
    key = (Movement.account_id, Movement.kind, Movement.rail_ref, Movement.occurrence)
    twice = select(Movement.rail_ref, sql.count()).group_by(*key).having(sql.count() > 1)
    for rail_ref, count in tx.execute(twice):
        yield Violation("movements_count_once", f"movement {rail_ref}", f"stands {count} times")
