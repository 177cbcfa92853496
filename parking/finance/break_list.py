"""The list of differences as somebody asks for it: what stands in the address, and what it finds."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.finance.month import day_asked
from parking.languages import mark
from parking.reports.words import CLASS_NAMES, LEGS, break_name
from parking.web.actors import names_of
from payments.errors import WrongUsage
from payments.models import MerchantAccount
from reconciliation.breaks import AGES, BreakRow, age_group
from reconciliation.resolving.finding import (
    NATURES,
    NOBODY,
    OLDEST,
    SORTS,
    STATES,
    Groups,
    Wanted,
    find,
    group,
    owners_of,
    pairs_proposed,
    proposals,
)
from reconciliation.resolving.reasons import REASONS

#: Rows of one page.
PAGE_SIZES = (50, 200, 500)

AGE_NAMES = {
    "0-1": mark("0–1 days"),
    "2-3": mark("2–3 days"),
    "4-7": mark("4–7 days"),
    "8-30": mark("8–30 days"),
    OLDEST: mark("over 30 days"),
}
STATE_NAMES = {
    "open": mark("Unexplained"),
    "waiting": mark("Waits for approval"),
    "resolved": mark("Explained"),
    "all": mark("All"),
}
NATURE_NAMES = {"timing": mark("May still arrive"), "error": mark("Will not come by itself")}
SORT_NAMES = {
    "oldest": mark("Oldest first"),
    "newest": mark("Newest first"),
    "largest": mark("Largest first"),
    "class": mark("By what differs"),
    "account": mark("By account"),
}

_ALLOWED: Mapping[str, Sequence[str]] = {
    "state": STATES,
    "kind": tuple(CLASS_NAMES),
    "leg": tuple(LEGS),
    "nature": NATURES,
    "age": (*(name for _, name in AGES), OLDEST),
    "sort": tuple(SORTS),
    "size": tuple(map(str, PAGE_SIZES)),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What an address asks for. `page` counts from 1; `owner` is an actor, ``-`` for nobody."""

    wanted: Wanted
    sort: str = "oldest"
    size: int = PAGE_SIZES[0]
    page: int = 1

    def args(self, **changes: object) -> dict[str, str]:
        """The address of this question with `changes`, without what goes without saying."""
        named = {field.name: getattr(self.wanted, field.name) for field in fields(Wanted)}
        found = named | {"sort": self.sort, "size": self.size, "page": self.page} | changes
        usual: dict[str, object] = {"state": "open", "sort": "oldest", "size": 50, "page": 1}
        return {
            name: str(value)
            for name, value in found.items()
            if value not in (None, "") and usual.get(name) != value and name != "operator"
        }


@dataclass(frozen=True, slots=True)
class Chooser:
    """One field of the form above the list: value → name, and the value it has."""

    name: str
    label: str
    choices: Mapping[str, str]
    value: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of the list: its rows with ages, what waits about them, the groups of all that was
    found, names of people; accounts, operators and owners to choose from."""

    rows: Sequence[BreakRow]
    ages: Mapping[uuid.UUID, str]
    asked: Collection[uuid.UUID]
    groups: Groups
    names: Mapping[str, str]
    accounts: Sequence[str]
    operators: Sequence[str]
    owners: Sequence[str]
    pages: int


def read_question(args: Mapping[str, str], operator: str | None) -> Question:
    """The question in an address; whoever belongs to an operator asks about that one only. Raises
    `WrongUsage` for what nobody may ask."""
    given = {name: text for name, text in args.items() if text}
    for name, allowed in _ALLOWED.items():
        if given.get(name, allowed[0]) not in allowed:
            raise WrongUsage("%(value)s is not among the choices.", value=given[name][:40])
    wanted = Wanted(
        state=given.get("state", "open"),
        kind=given.get("kind"),
        leg=given.get("leg"),
        account=given.get("account"),
        operator=operator or given.get("operator"),
        owner=given.get("owner"),
        nature=given.get("nature"),
        age=given.get("age"),
        since=day_asked(given.get("since", "")),
        until=day_asked(given.get("until", "")),
    )
    size, page = given.get("size", str(PAGE_SIZES[0])), given.get("page", "1")
    if not (page.isascii() and page.isdigit() and 0 < int(page) < 10**6):
        raise WrongUsage("%(value)s is not among the choices.", value=page[:40])
    return Question(wanted, given.get("sort", "oldest"), int(size), int(page))


def read_ids(texts: Sequence[str]) -> Sequence[uuid.UUID]:
    """The ids of ticked boxes. Raises `WrongUsage`."""
    try:
        return [uuid.UUID(text) for text in texts]
    except ValueError as error:
        raise WrongUsage(
            "This form is incomplete. Please reload the page and try again."
        ) from error


def answer(tx: Session, asked: Question, today: date) -> Found:
    """The page of the list that was asked for; a page past the end is the last one."""
    groups = group(tx, asked.wanted, today)
    pages = max(1, -(-groups.count // asked.size))
    offset = (min(asked.page, pages) - 1) * asked.size
    rows = find(tx, asked.wanted, today, asked.sort, asked.size, offset)
    owners = owners_of(tx, replace(asked.wanted, owner=None), today)
    accounts, ids = _accounts(tx, asked.wanted.operator), [row.id for row in rows]
    return Found(
        rows,
        {row.id: age_group(row.day, today) for row in rows},
        {*proposals(tx, ids), *pairs_proposed(tx, ids)},
        groups,
        names_of(tx, owners),
        [slug for slug, _ in accounts],
        sorted({operator for _, operator in accounts}),
        owners,
        pages,
    )


def choosers(asked: Question, found: Found) -> Sequence[Chooser]:
    """What the list may be narrowed by and sorted by, in the order of the form."""
    wanted, owners = asked.wanted, {owner: found.names.get(owner, owner) for owner in found.owners}
    anything = {"": mark("All")}
    sizes = {str(size): str(size) for size in PAGE_SIZES}
    classes = {kind: break_name(kind, wanted.leg or "") for kind in CLASS_NAMES}
    return [
        Chooser("state", mark("State"), STATE_NAMES, wanted.state),
        Chooser("leg", mark("Comparison"), anything | LEGS, wanted.leg),
        Chooser("kind", mark("What differs"), anything | classes, wanted.kind),
        Chooser("age", mark("Age"), anything | AGE_NAMES, wanted.age),
        Chooser("nature", mark("Timing or error"), anything | NATURE_NAMES, wanted.nature),
        Chooser("account", mark("Account"), anything | _same(found.accounts), wanted.account),
        Chooser("operator", mark("Operator"), anything | _same(found.operators), wanted.operator),
        Chooser("owner", mark("Who has it"), anything | {NOBODY: mark("Nobody")} | owners,
                wanted.owner),
        Chooser("sort", mark("Order"), SORT_NAMES, asked.sort),
        Chooser("size", mark("Rows on a page"), sizes, str(asked.size)),
    ]  # fmt: skip


def _same(names: Sequence[str]) -> dict[str, str]:
    return {name: name for name in names}


def bulk_reasons(asked: Question) -> Sequence[str]:
    """The reasons that may explain many of one class at once; none while no class is chosen."""
    kind, leg = asked.wanted.kind, asked.wanted.leg
    return [
        code
        for code, reason in REASONS.items()
        if kind in reason.classes and (leg is None or leg in reason.legs)
    ]


def _accounts(tx: Session, operator: str | None) -> Sequence[tuple[str, str]]:
    query = select(MerchantAccount.slug, MerchantAccount.operator).order_by(MerchantAccount.slug)
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return [(row.slug, row.operator) for row in tx.execute(query)]
