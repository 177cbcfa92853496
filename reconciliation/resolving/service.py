"""One deed on one difference or on many: each done whole or not at all, and counted."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.errors import Complaint, NotFound, WrongUsage
from payments.models import MerchantAccount
from reconciliation import totals
from reconciliation.models import Break
from reconciliation.resolving.deciding import Case
from reconciliation.resolving.models import Act, BreakAct
from reconciliation.rules.models import HandMatch
from reconciliation.turns import alone

#: More at once keep an account's comparison waiting for too long.
MOST = 500

#: What a deed leaves behind: an act on the difference, or the decision about a pair of its side.
Done = BreakAct | HandMatch
#: What is done to each difference.
Deed = Callable[[Session, Case], Done]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The differences to work on, by id, and whose they may be: one operator's, or all (None)."""

    ids: Collection[uuid.UUID]
    operator: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: the acts that were done, and why others were not, by difference."""

    done: Sequence[Done]
    refused: Sequence[tuple[uuid.UUID, Complaint]]

    @property
    def waiting(self) -> int:
        """How many of the acts wait for a second person."""
        return sum(act.act in (Act.PROPOSE.value, Act.PROPOSE_UNDO.value) for act in self.done)

    @property
    def why(self) -> Sequence[tuple[Complaint, int]]:
        """The complaints, each with the number of differences it stood in the way of."""
        first = {str(error): error for _, error in self.refused}
        counted = Counter(str(error) for _, error in self.refused)
        return [(first[text], count) for text, count in counted.most_common()]


def do_to(tx: Session, chosen: Chosen, deed: Deed, now: datetime) -> Outcome:
    """Do `deed` to each of `chosen`; the day's totals count what stays open.

    A difference the deed cannot be done to stays untouched and is reported; the others go on.
    Raises `WrongUsage` for none or for more than `MOST`.
    """
    if not 0 < len(set(chosen.ids)) <= MOST:
        raise WrongUsage("Please choose between 1 and %(most)s differences.", most=MOST)
    cases, refused = _cases(tx, chosen)
    before = {case.row.id: case.row.state for case in cases}
    done: list[Done] = []
    for case in cases:
        try:
            with tx.begin_nested():
                done.append(deed(tx, case))
        except Complaint as error:
            tx.refresh(case.row)
            refused.append((case.row.id, error))
    changed = [case.row for case in cases if case.row.state != before[case.row.id]]
    for account_id, day in sorted({(row.account_id, row.day) for row in changed}):
        totals.refresh(tx, account_id, day, now)
    return Outcome(done, refused)


def do_to_one(tx: Session, chosen: Chosen, deed: Deed, now: datetime) -> Done:
    """Do `deed` to the one difference of `chosen`; raises the complaint when it cannot be done."""
    outcome = do_to(tx, chosen, deed, now)
    for _, error in outcome.refused:
        raise error
    return outcome.done[0]


def _cases(tx: Session, chosen: Chosen) -> tuple[Sequence[Case], list[tuple[uuid.UUID, Complaint]]]:
    """The chosen differences, each account's comparison waiting until we are done. Accounts are
    taken in the order of their ids, so that two people at work cannot block each other."""
    query = select(Break.id, Break.account_id).where(Break.id.in_(chosen.ids))
    accounts = {row.id: row.account_id for row in tx.execute(query)}
    for account_id in sorted(set(accounts.values())):
        alone(tx, account_id)
    own = select(MerchantAccount).where(MerchantAccount.id.in_(accounts.values()))
    if chosen.operator is not None:
        own = own.where(MerchantAccount.operator == chosen.operator)
    mine = {account.id: account for account in tx.scalars(own)}
    ids = [found for found, account_id in accounts.items() if account_id in mine]
    wanted = select(Break).where(Break.id.in_(ids)).order_by(Break.day, Break.id)
    rows = tx.scalars(wanted.execution_options(populate_existing=True)).all()
    weight = sum(abs(row.difference) for row in rows)
    cases = [Case(row, mine[row.account_id], weight, len(rows)) for row in rows]
    unknown: list[tuple[uuid.UUID, Complaint]] = [
        (missing, NotFound("There is no such difference."))
        for missing in sorted(set(chosen.ids) - set(ids))
    ]
    return cases, unknown
