"""The rules of one operator, or of all, as finance reads and writes them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.finance.closings import operator_names
from parking.finance.refunds import read_amount
from parking.web.actors import names_of
from payments.accounts import live_accounts
from payments.errors import NotFound, WrongUsage
from payments.models import MerchantAccount
from reconciliation.models import BANK, SETTLEMENT
from reconciliation.rules.deciding import Proposal
from reconciliation.rules.finding import Preview, Sum, named_by_rule, not_parking, preview, rules_of
from reconciliation.rules.models import OTHER_KIND, LineRule

#: Before an operator's code in the form: all its accounts.
ALL_OF = "all:"


@dataclass(frozen=True, slots=True)
class Listed:
    """A rule with where it counts, and, while it waits for approval, what it would name. `names`: how
    many lines it names now."""

    rule: LineRule
    where: str
    names: int
    foreseen: Preview | None


@dataclass(frozen=True, slots=True)
class RuleDesk:
    """Everything the page shows. `places`: value → name of what a rule can be about."""

    waiting: Sequence[Listed]
    counting: Sequence[Listed]
    ended: Sequence[Listed]
    places: Mapping[str, str]
    names: Mapping[str, str]


def rule_desk(tx: Session, operator: str | None, now: datetime) -> RuleDesk:
    """All rules of `operator`, or of every one, by state."""
    rules = rules_of(tx, operator)
    named = named_by_rule(tx, [rule.id for rule in rules])
    operators, slugs = operator_names(tx), _slugs(tx, rules)
    listed = [
        Listed(
            rule,
            slugs.get(rule.account_id) or operators.get(rule.operator, rule.operator),
            named[rule.id],
            preview(tx, rule, now) if _foreseeable(rule) else None,
        )
        for rule in rules
    ]
    actors = {rule.proposed_by for rule in rules} | {rule.approved_by or "" for rule in rules}
    return RuleDesk(
        [one for one in listed if one.rule.state == "waiting"],
        [one for one in listed if one.rule.state == "counting"],
        [one for one in listed if one.rule.state in ("retired", "refused")],
        _places(tx, operator, operators),
        names_of(tx, actors | {rule.retired_by or "" for rule in rules}),
    )


def _foreseeable(rule: LineRule) -> bool:
    undecided = rule.approved_at is None and rule.retired_at is None
    return undecided and rule.kind == OTHER_KIND


def _slugs(tx: Session, rules: Sequence[LineRule]) -> dict[uuid.UUID | None, str]:
    wanted = {rule.account_id for rule in rules if rule.account_id}
    accounts = select(MerchantAccount).where(MerchantAccount.id.in_(wanted))
    return {account.id: account.slug for account in tx.scalars(accounts)}


def _places(tx: Session, operator: str | None, names: Mapping[str, str]) -> dict[str, str]:
    accounts = live_accounts(tx, operator)
    own = sorted({account.operator for account in accounts})
    whole = {ALL_OF + code: names.get(code, code) for code in own}
    return whole | {account.slug: account.slug for account in accounts}


def read_proposal(tx: Session, form: Mapping[str, str], operator: str | None) -> Proposal:
    """What the form asks for. Raises `WrongUsage` for an amount that is none, `NotFound` for an
    account or an operator that is not the reader's."""
    of, account = _place(tx, form.get("place", ""), operator)
    series = form.get("series", "")
    return Proposal(
        operator=of,
        account_id=account.id if account else None,
        leg=BANK if form.get("leg") == BANK else SETTLEMENT,
        words=form.get("words", "")[:300],
        party=form.get("party", "")[:300],
        sign=1 if form.get("sign") == "in" else -1,
        least=_bound(form.get("least", "")),
        most=_bound(form.get("most", "")),
        label=" ".join(form.get("label", "").split()),
        series=_series(series) if series else None,
    )


def read_tolerance(
    tx: Session, form: Mapping[str, str], operator: str | None
) -> tuple[MerchantAccount, int]:
    """The account and the minor units that the form names. Raises as `read_proposal` does."""
    _, account = _place(tx, form.get("place", ""), operator)
    if account is None:
        raise WrongUsage("A tolerance is about one account: please choose it.")
    return account, read_amount(form.get("tolerance", ""), account.currency)


def read_window(
    tx: Session, form: Mapping[str, str], operator: str | None
) -> tuple[str, MerchantAccount | None, int]:
    """The operator, the account unless all are meant, and the days that the form names. Raises as
    `read_proposal` does."""
    of, account = _place(tx, form.get("place", ""), operator)
    days = form.get("days", "").strip()
    if not days.isdecimal():
        raise WrongUsage("“%(days)s” is no number of days.", days=days[:20])
    return of, account, int(days[:9])


def _place(tx: Session, place: str, operator: str | None) -> tuple[str, MerchantAccount | None]:
    accounts = live_accounts(tx, operator)
    for account in accounts:
        if place in (account.slug, ALL_OF + account.operator):
            return account.operator, account if place == account.slug else None
    raise NotFound("There is no account %(place)s.", place=place[:40] or "—")


def _bound(text: str) -> int | None:
    return read_amount(text, "VND") if text.strip() else None


def _series(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise WrongUsage(
            "This form is incomplete. Please reload the page and try again."
        ) from error


def not_parking_of(tx: Session, day: date, slugs: Sequence[str]) -> Sequence[Sum]:
    """How many lines of `day` rules have named in these accounts, and their sums per currency."""
    accounts = select(MerchantAccount.id).where(MerchantAccount.slug.in_(slugs))
    return not_parking(tx, day, tx.scalars(accounts).all())


def own_rule(tx: Session, rule_id: uuid.UUID, operator: str | None) -> LineRule:
    """The rule. Raises `NotFound`, also for another operator's."""
    rule = tx.get(LineRule, rule_id)
    if rule is None or operator not in (None, rule.operator):
        raise NotFound("There is no such rule.")
    return rule
