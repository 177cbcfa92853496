"""One attempt to close a day: whose it is, what it excepts, and what every act on it checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import audit
from payments.errors import Conflict, WrongUsage
from reconciliation.closing.models import ASKED, CLOSED, CLOSING, Closing, ClosingException
from reconciliation.closing.obstacles import Obstacle

#: A reason must say something, and fit on a page.
SHORTEST_REASON, LONGEST_REASON = 3, 300


@dataclass(frozen=True, slots=True)
class OperatorDay:
    """A business day of one operator."""

    operator: str
    day: date

    @property
    def subject(self) -> str:
        """What the audit trail calls it."""
        return f"day:{self.operator}:{self.day}"


class NotExplained(Conflict):
    """A day that cannot be closed, with everything that keeps it from being closed."""

    def __init__(self, which: OperatorDay, found: Sequence[Obstacle]) -> None:
        super().__init__(
            "%(day)s of %(operator)s cannot be closed: %(count)s things are not explained, first"
            " %(subject)s.",
            day=which.day, operator=which.operator, count=len(found), subject=found[0].subject,
        )  # fmt: skip
        self.obstacles = found


class StillOnItsWay(Conflict):
    """A day whose last transactions may still be running."""


def read_reason(text: str) -> str:
    """What a person gave as a reason. Raises `WrongUsage` when it says nothing."""
    reason = " ".join(text.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise WrongUsage(
            "Please give a reason of %(least)s to %(most)s characters.",
            least=SHORTEST_REASON, most=LONGEST_REASON,
        )  # fmt: skip
    return reason


def live(tx: Session, which: OperatorDay, *, lock: bool = False) -> Closing | None:
    """The attempt that stands for a day: asked for, closing or closed."""
    query = select(Closing).where(
        Closing.operator == which.operator,
        Closing.day == which.day,
        Closing.state.in_((ASKED, CLOSING, CLOSED)),
    )
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return tx.scalar(query)


def exceptions_of(tx: Session, closing: Closing) -> Sequence[ClosingException]:
    """What a closing leaves unexplained, and who agreed."""
    mine = select(ClosingException).where(ClosingException.closing_id == closing.id)
    return tx.scalars(mine.order_by(ClosingException.subject)).all()


def refuse_unexplained(which: OperatorDay, found: Iterable[Obstacle], named: set[str]) -> None:
    """Raises `NotExplained` for what was found and is not among the exceptions `named`."""
    missing = [one for one in found if one.subject not in named]
    if missing:
        raise NotExplained(which, missing)


def another(first: str, second: str) -> None:
    """Raises `Conflict` naming both unless they are two people."""
    if first == second:
        raise Conflict(
            "%(first)s asked for this; somebody else has to agree, not %(second)s.",
            first=first.removeprefix("person:"), second=second.removeprefix("person:"),
        )  # fmt: skip


def not_closing(which: OperatorDay) -> Conflict:
    """What to raise where nobody is closing the day."""
    return Conflict(
        "%(day)s of %(operator)s is not being closed.", day=which.day, operator=which.operator
    )


def note(
    tx: Session, which: OperatorDay, act: str, actor: str, now: datetime, **detail: object
) -> None:
    """Write an act on a closing down in the audit trail."""
    audit.append(tx, actor, f"closing.{act}", which.subject, detail, now)
