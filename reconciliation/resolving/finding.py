"""Finding differences among thousands: by class, account, age, owner and more; their sums by group.

The open ones have an index of their own, so that the list costs what is open, not what ever was.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, case, cast, or_, select
from sqlalchemy import func as sql
from sqlalchemy.orm import Session

from payments.models import MerchantAccount
from reconciliation.breaks import AGES, BreakRow, select_breaks
from reconciliation.models import Break
from reconciliation.resolving.models import Act, BreakAct, BreakProposal
from reconciliation.rules.agreeing import waits_for
from reconciliation.rules.models import HandMatch
from reconciliation.sides import SUPERSEDED, Rows

#: Differences looked up at once: by their ids a database reads a few rows, not its tables.
CHUNK = 500

#: The age group beyond the last of `AGES`.
OLDEST = ">30"
#: Whom a difference belongs to that nobody has.
NOBODY = "-"
#: What may be asked for: `waiting` are those with a proposal for a second person.
STATES = ("open", "waiting", "resolved", "all")
#: `timing`: may still arrive; `error`: will not by itself.
NATURES = ("timing", "error")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which differences to find; None: any. `account` is a slug, `owner` an actor or `NOBODY`,
    `since` and `until` are business days, both included."""

    state: str = "open"
    kind: str | None = None
    leg: str | None = None
    account: str | None = None
    operator: str | None = None
    owner: str | None = None
    nature: str | None = None
    age: str | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """How many differences, and their sums in minor units of `currency`: `more` where they say more
    than we, `less` (negative) where less. `leg`: of one comparison; empty: of all."""

    name: str
    leg: str
    currency: str
    count: int
    more: int
    less: int

    @property
    def difference(self) -> int:
        return self.more + self.less

    def plus(self, other: Group) -> Group:
        """Both together, under this one's name."""
        return Group(
            self.name,
            self.leg,
            self.currency,
            self.count + other.count,
            self.more + other.more,
            self.less + other.less,
        )


@dataclass(frozen=True, slots=True)
class Groups:
    """The sums of what was found, one way and the other; each adds up to `total`."""

    by_class: Sequence[Group]
    by_age: Sequence[Group]
    by_account: Sequence[Group]
    total: Sequence[Group]

    @property
    def count(self) -> int:
        return sum(group.count for group in self.total)


#: How a list may be sorted: by name, the columns.
SORTS: dict[str, tuple[ColumnElement[Any], ...]] = {
    "oldest": (Break.day.expression.asc(),),
    "newest": (Break.day.expression.desc(),),
    "largest": (sql.abs(Break.difference).desc(), Break.day.expression.asc()),
    "class": (Break.kind.expression.asc(), Break.day.expression.asc()),
    "account": (MerchantAccount.slug.expression.asc(), Break.day.expression.asc()),
}


def find(
    tx: Session, wanted: Wanted, today: date, sort: str = "oldest", limit: int = 50, offset: int = 0
) -> Sequence[BreakRow]:
    """One page of the differences that are `wanted`, in the order `sort`. The page is picked before
    anything is looked up for it."""
    order = (*SORTS[sort], Break.id.expression)
    page = _picked(select(Break.id), wanted, today).order_by(*order).limit(limit).offset(offset)
    ids = tx.scalars(page).all()
    found: dict[uuid.UUID, BreakRow] = {}
    for start in range(0, len(ids), CHUNK):
        some = select_breaks().where(Break.id.in_(ids[start : start + CHUNK]))
        found |= {row[0]: BreakRow(*row) for row in tx.execute(some)}
    return [found[break_id] for break_id in ids]


def group(tx: Session, wanted: Wanted, today: date) -> Groups:
    """The sums of everything `wanted`, by class and leg, age, account; one statement."""
    age = case(
        *((Break.day >= today - timedelta(days=last), name) for last, name in AGES), else_=OLDEST
    )
    more = case((Break.difference > 0, Break.difference), else_=0)
    less = case((Break.difference < 0, Break.difference), else_=0)
    keys = (Break.kind, Break.leg, age, MerchantAccount.slug, Break.currency)
    columns = (*keys, sql.count(), *(cast(sql.sum(one), BigInteger) for one in (more, less)))
    grouped = _picked(select(*columns), wanted, today).group_by(*keys).order_by(*keys)
    rows = [(row[:4], Group("", "", row[4], *map(int, row[5:]))) for row in tx.execute(grouped)]
    ages = [name for _, name in AGES] + [OLDEST]
    return Groups(
        [*_added((key[0], key[1], one) for key, one in rows)],
        sorted(
            _added((key[2], "", one) for key, one in rows), key=lambda one: ages.index(one.name)
        ),
        [*_added((key[3], "", one) for key, one in rows)],
        [*_added(("", "", one) for _, one in rows)],
    )


def proposals(tx: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, BreakAct]:
    """Break id → what waits for a second person, of these differences."""
    rows = select(BreakProposal.break_id, BreakAct).join(
        BreakAct, BreakAct.id == BreakProposal.act_id
    )
    waiting = rows.join(Break, Break.id == BreakProposal.break_id).where(
        Break.id.in_(ids), _waiting()
    )
    return {row[0]: row[1] for row in tx.execute(waiting)}


def owners_of(tx: Session, wanted: Wanted, today: date) -> Sequence[str]:
    """The actors who have any of the differences."""
    found = _picked(select(Break.owner).distinct(), wanted, today).where(Break.owner.is_not(None))
    return [str(owner) for owner in tx.scalars(found.order_by(Break.owner))]


def _added(rows: Iterable[tuple[str, str, Group]]) -> Iterator[Group]:
    sums: dict[tuple[str, str, str], Group] = {}
    for name, leg, one in rows:
        key = (name, leg, one.currency)
        sums[key] = sums.get(key, Group(*key, 0, 0, 0)).plus(one)
    return iter(sums.values())


def _picked(query: Rows, wanted: Wanted, today: date) -> Rows:
    return query.join(MerchantAccount, MerchantAccount.id == Break.account_id).where(
        *_conditions(wanted, today)
    )


def _conditions(wanted: Wanted, today: date) -> Iterator[ColumnElement[bool]]:
    yield _in_state(wanted.state)
    for column, value in (
        (Break.kind, wanted.kind),
        (Break.leg, wanted.leg),
        (MerchantAccount.slug, wanted.account),
        (MerchantAccount.operator, wanted.operator),
    ):
        if value is not None:
            yield column == value
    if wanted.owner is not None:
        yield Break.owner.is_(None) if wanted.owner == NOBODY else Break.owner == wanted.owner
    if wanted.nature is not None:
        yield Break.timing.is_(wanted.nature == "timing")
    if wanted.since is not None:
        yield Break.day >= wanted.since
    if wanted.until is not None:
        yield Break.day <= wanted.until
    if wanted.age is not None:
        yield from _of_age(wanted.age, today)


def _in_state(state: str) -> ColumnElement[bool]:
    if state == "waiting":
        proposed = select(BreakProposal.break_id).join(
            BreakAct, BreakAct.id == BreakProposal.act_id
        )
        mine = proposed.where(BreakProposal.break_id == Break.id, _waiting())
        # proposals are few, so they are looked at first
        explained = and_(
            Break.id.in_(select(BreakProposal.break_id)), mine.correlate(Break).exists()
        )
        return or_(explained, Break.id.in_(_with_pairs()))
    told = or_(Break.resolution.is_(None), Break.resolution != SUPERSEDED)
    return told if state == "all" else and_(Break.state == state, told)


def _with_pairs() -> Rows:
    """The differences whose sides somebody proposed to pair, or to take apart."""
    return select(Break.id).join(HandMatch, waits_for())


def pairs_proposed(tx: Session, ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Those of these differences whose sides wait to be paired or taken apart by a second person."""
    return frozenset(tx.scalars(_with_pairs().where(Break.id.in_(ids))))


def _waiting() -> ColumnElement[bool]:
    """A proposal joined to its act still waits: its difference is as it was."""
    resolved = BreakAct.act == Act.PROPOSE_UNDO.value
    return Break.state == case((resolved, "resolved"), else_="open")


def _of_age(age: str, today: date) -> Iterator[ColumnElement[bool]]:
    """The days of an age group, as `breaks.age_group` names them."""
    last_of_former = -1
    for last, name in AGES:
        if name == age:
            yield Break.day >= today - timedelta(days=last)
            break
        last_of_former = last
    if last_of_former >= 0:
        yield Break.day < today - timedelta(days=last_of_former)
