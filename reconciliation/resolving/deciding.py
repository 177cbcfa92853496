"""Explaining a difference by a reason, and taking that back: alone up to a limit, above it by two.

The limit (the setting BREAK_APPROVAL_ABOVE) is in dong and counts the difference, whether anything
is booked or not, because explaining it away is what lets a day close. What is done to many at once
is judged by their sum, so that nobody gets round it in small parts; another currency always takes a
second person. Proposing leaves everything as it is: the difference stays open, the proposal is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import adjusting, ledger
from payments.adjusting import adjust
from payments.errors import Conflict, WrongUsage
from payments.models import MerchantAccount, Transfer
from reconciliation.models import BANK, Break, StatementLine
from reconciliation.resolving.booking import THEIRS, Matter, bookings
from reconciliation.resolving.log import Entry, read_words, write
from reconciliation.resolving.models import DECISIONS, RESOLVING, Act, BreakAct, BreakProposal
from reconciliation.resolving.reasons import REASONS, Reason
from reconciliation.sides import EXPLAINED

#: The limit is an amount of this currency.
LIMIT_CURRENCY = "VND"
SHORTEST_WORDS = 3


class NeedsAnother(Conflict):
    """Two people have to be two people."""


def two_people(proposer: str, approver: str) -> None:
    """Raises `NeedsAnother` when both actors are one."""
    if proposer == approver:
        raise NeedsAnother(
            "%(proposer)s proposed this, so %(approver)s cannot approve it: it takes another person.",
            proposer=proposer.removeprefix("person:"),
            approver=approver.removeprefix("person:"),
        )


def already_proposed(proposer: str) -> Conflict:
    """What is said to whoever acts while a proposal waits."""
    return Conflict(
        "%(proposer)s proposed something already: approve or refuse that first.",
        proposer=proposer.removeprefix("person:"),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A difference somebody works on, its account, and what the act weighs: the sum of all
    differences it is done to at once, `together` in number, minor units."""

    row: Break
    account: MerchantAccount
    weight: int
    together: int = 1


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides, with which words, when, and above which amount it takes a second person."""

    actor: str
    limit: int
    now: datetime
    words: str = ""

    def alone(self, case: Case) -> bool:
        """Whether one person may decide it."""
        return case.row.currency == LIMIT_CURRENCY and case.weight <= self.limit


def reasons_for(row: Break) -> Sequence[Reason]:
    """The reasons that may explain a difference, in the order they are offered."""
    return [reason for reason in REASONS.values() if reason.fits(row.kind, row.leg, row.difference)]


def resolve(tx: Session, case: Case, code: str, decision: Decision) -> BreakAct:
    """Explain an open difference by the reason `code`; above the limit, propose it.

    Raises `WrongUsage` for a reason that does not fit or lacks its words, `Conflict` when the
    difference is not open or a proposal waits already.
    """
    row, reason = case.row, REASONS.get(code)
    _still_open(row)
    if reason is None or not reason.fits(row.kind, row.leg, row.difference):
        raise WrongUsage(
            "%(reason)s is no reason for this difference; its page lists those that fit.",
            reason=code or "—",
        )
    words = read_words(decision.words, least=SHORTEST_WORDS if reason.words else 0)
    _nothing_waits(tx, row)
    if decision.alone(case):
        return _settle(tx, case, reason, decision, Act.RESOLVE, words)
    return _propose(tx, case, Act.PROPOSE, decision, words, reason.code)


def undo(tx: Session, case: Case, decision: Decision) -> BreakAct:
    """Open again what a person resolved, and take back what it booked; above the limit, propose it.

    Raises `WrongUsage` without words, `Conflict` when no person resolved it.
    """
    row = case.row
    words = read_words(decision.words, least=SHORTEST_WORDS)
    if row.state != "resolved" or row.resolution in EXPLAINED:
        raise Conflict("Nobody resolved this difference, so there is nothing to take back.")
    _nothing_waits(tx, row)
    if decision.alone(case):
        return _reopen(tx, case, decision, Act.UNDO, words)
    return _propose(tx, case, Act.PROPOSE_UNDO, decision, words)


def approve(tx: Session, case: Case, decision: Decision) -> BreakAct:
    """Let happen what somebody else proposed.

    Raises `NeedsAnother` for the same person, `Conflict` when nothing waits or the difference has
    changed since.
    """
    row, asked = case.row, waiting(tx, case.row)
    if asked is None:
        raise Conflict("Nothing waits for approval here.")
    two_people(asked.actor, decision.actor)
    words = read_words(decision.words)
    _close(tx, row)
    if asked.act == Act.PROPOSE_UNDO.value:
        return _reopen(tx, case, decision, Act.APPROVE_UNDO, words)
    if asked.amount != row.difference or asked.reason is None:
        raise Conflict("The difference has changed since this was proposed.")
    return _settle(tx, case, REASONS[asked.reason], decision, Act.APPROVE, words)


def refuse(tx: Session, case: Case, decision: Decision) -> BreakAct:
    """Send a proposal back with words; whoever proposed may take it back so. Raises `Conflict`
    when nothing waits, `WrongUsage` without words."""
    asked, words = waiting(tx, case.row), read_words(decision.words, least=SHORTEST_WORDS)
    if asked is None:
        raise Conflict("Nothing waits for approval here.")
    _close(tx, case.row)
    entry = Entry(decision.actor, Act.REFUSE, words, asked.reason, asked.amount,
                  together=case.together)  # fmt: skip
    return write(tx, case.row, entry, decision.now)


def waiting(tx: Session, row: Break) -> BreakAct | None:
    """The proposal about a difference that waits for a second person."""
    found = tx.scalar(
        select(BreakAct)
        .join(BreakProposal, BreakProposal.act_id == BreakAct.id)
        .where(BreakProposal.break_id == row.id)
    )
    wanted = "resolved" if found and found.act == Act.PROPOSE_UNDO.value else "open"
    return found if row.state == wanted else None


def matter(row: Break, account: MerchantAccount, theirs: tuple[int, str] | None) -> Matter:
    """What booking needs to know of a difference; `theirs` as in `Matter`."""
    return Matter(
        difference=row.difference,
        currency=row.currency,
        holder=ledger.clearing(account),
        at_bank=row.leg == BANK and row.payout_id is None,
        theirs=theirs,
    )


def matter_of(tx: Session, row: Break, account: MerchantAccount) -> Matter:
    """What booking needs to know of a difference, read with its line."""
    line = tx.get_one(StatementLine, row.line_id) if row.line_id else None
    foreign = line is not None and line.currency != row.currency
    return matter(row, account, (line.gross, line.currency) if line and foreign else None)


def transfers_of(tx: Session, cause: str) -> Sequence[Transfer]:
    """The transfers that stand for `cause`, those of its suffixes included."""
    causes = (cause, cause + THEIRS)
    query = select(Transfer).where(Transfer.cause.in_(causes)).order_by(Transfer.cause)
    return tx.scalars(query).all()


def _settle(
    tx: Session, case: Case, reason: Reason, decision: Decision, act: Act, words: str
) -> BreakAct:
    row = case.row
    entry = Entry(decision.actor, act, words, reason.code, row.difference, together=case.together)
    cause = f"break:{entry.id}"
    made = list(bookings(matter_of(tx, row, case.account), reason))
    for one in made:
        operator = case.account.operator
        adjust(tx, operator, one.entry, one.money, cause + one.suffix, decision.now)
    row.state, row.resolution, row.resolved_at = "resolved", reason.code, decision.now
    row.timing = False
    booked = Entry(entry.actor, act, words, reason.code, row.difference, None,
                   cause if made else None, case.together, entry.id)  # fmt: skip
    return write(tx, row, booked, decision.now)


def _reopen(tx: Session, case: Case, decision: Decision, act: Act, words: str) -> BreakAct:
    row, settled = case.row, last_decision(tx, case.row)
    cause = settled.cause if settled is not None and settled.act in RESOLVING else None
    for transfer in transfers_of(tx, cause) if cause else ():
        adjusting.undo(tx, str(transfer.cause), decision.now)
    reason = row.resolution
    row.state, row.resolution, row.resolved_at = "open", None, None
    entry = Entry(decision.actor, act, words, reason, row.difference, None, cause, case.together)
    return write(tx, row, entry, decision.now)


def last_decision(tx: Session, row: Break) -> BreakAct | None:
    """The act that made the difference what it is: resolved by a person, or open again."""
    query = select(BreakAct).where(BreakAct.break_id == row.id, BreakAct.act.in_(DECISIONS))
    return tx.scalar(query.order_by(BreakAct.id.desc()).limit(1))


def _propose(
    tx: Session, case: Case, act: Act, decision: Decision, words: str, reason: str | None = None
) -> BreakAct:
    row = case.row
    entry = Entry(decision.actor, act, words, reason or row.resolution, row.difference,
                  together=case.together)  # fmt: skip
    made = write(tx, row, entry, decision.now)
    tx.merge(BreakProposal(break_id=row.id, act_id=made.id))
    return made


def _close(tx: Session, row: Break) -> None:
    tx.delete(tx.get_one(BreakProposal, row.id))


def _still_open(row: Break) -> None:
    if row.state != "open":
        raise Conflict("This difference is resolved already.")


def _nothing_waits(tx: Session, row: Break) -> None:
    asked = waiting(tx, row)
    if asked is not None:
        raise already_proposed(asked.actor)
