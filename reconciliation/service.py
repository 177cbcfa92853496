"""Reconcile one day of one account, or every day that is still open: read, fetch, match, store.

Repeatable: running again with the same files changes nothing. The provider is asked with no
transaction open; each file is stored in a transaction of its own, whole or not at all.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session, sessionmaker

from payments.accounts import Gateways, live_accounts
from payments.db import business_day
from payments.errors import Complaint, Unavailable
from payments.models import MerchantAccount
from payments.provider import InvalidStatement
from reconciliation import days, explaining, totals
from reconciliation.banking import match_payouts, open_bank_breaks
from reconciliation.charging import book_fees, book_payouts
from reconciliation.files import (
    CONTROL_TOTAL,
    FAILED,
    UNAVAILABLE,
    UNPARSABLE,
    Delivery,
    Gathered,
    Refusal,
    gather,
    offers_bank_feed,
)
from reconciliation.matching import NEAR, days_matched, match
from reconciliation.models import BANK, SETTLEMENT, AccountDay
from reconciliation.opening import open_breaks
from reconciliation.payouts.comparing import compare_payouts
from reconciliation.rules.differing import book_differences
from reconciliation.rules.naming import Rules
from reconciliation.rules.windows import lateness
from reconciliation.sides import Scope
from reconciliation.storing import ControlTotalsDiffer, accept
from reconciliation.turns import alone
from reconciliation.worklists import list_loose_ones, list_new_lines, worklists

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one account-day. `state`: awaiting, partial or complete; `reason` says why it
    is not complete: ``not_due``, ``no_statements`` (the rail has none, nobody hands any in), ``shift_open``
    (money that people count, and somebody has not yet), ``unavailable``, ``refused``, ``more_follows``,
    ``no_file`` or ``failed``. Of the files, `accepted` ones were
    new and `repeated` ones known; `matched` counts pairs of two, not payouts with all their lines."""

    account: str
    day: date
    state: str
    reason: str | None
    due_at: datetime | None
    accepted: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    matched: int = 0
    opened: int = 0
    resolved: int = 0


@dataclass(frozen=True, slots=True)
class _Stored:
    accepted: tuple[str, ...]
    repeated: tuple[str, ...]
    refusals: tuple[Refusal, ...]


def reconcile(
    db: sessionmaker[Session],
    gateways: Gateways,
    account: MerchantAccount,
    day: date,
    now: datetime,
) -> Result:
    """Fetch the files of `day` that are due, match, name what does not match, add up.

    A file that cannot be believed is refused whole and reported in the result; the day then stays
    as far as it was. Raises `NotFound` when the account's rail is not installed.
    """
    provider = gateways.provider(account)
    due_at = days.due_at(day, provider.capabilities)
    gathered = gather(provider, day) if now >= due_at else Gathered()
    stored = _store(db, account, day, gathered, now)
    with db.begin() as tx:
        alone(tx, account.id)
        state, handed_in = _state(tx, account, day), days.hands_in(tx, account.id)
        late = lateness(tx, account.id, now)
        scope = Scope(account, day, now, due_at, complete=state == "complete", lateness=late)
        with worklists(tx):
            matched, opened, resolved = _compare(tx, scope)
        tx.merge(AccountDay(account_id=account.id, day=day, state=state, due_at=due_at,
                            reconciled_at=now))  # fmt: skip
    able = provider.capabilities
    awaited = able.statements or handed_in
    reason = _reason(state, stored, awaited=awaited, counted=able.counted, early=now < due_at)
    return Result(
        account.slug, day, state, reason, due_at,
        stored.accepted, stored.repeated, stored.refusals, matched, opened, resolved,
    )  # fmt: skip


def reconcile_open_days(
    db: sessionmaker[Session], gateways: Gateways, now: datetime
) -> list[Result]:
    """Reconcile every open day of every live account, oldest first. One silent or faulty provider
    stops no other account: what went wrong is logged and stands in the results."""
    with db() as tx:
        accounts = live_accounts(tx)
    results: list[Result] = []
    for account in accounts:
        results += _reconcile_account(db, gateways, account, now)
    return results


def _reconcile_account(
    db: sessionmaker[Session], gateways: Gateways, account: MerchantAccount, now: datetime
) -> list[Result]:
    results: list[Result] = []
    day = business_day(now)
    try:
        provider = gateways.provider(account)
        with db() as tx:
            todo = list(
                days.open_days(
                    tx,
                    account.id,
                    now,
                    statements=provider.capabilities.statements or days.hands_in(tx, account.id),
                    bank_feed=offers_bank_feed(provider),
                )
            )
        for day in todo:
            results.append(reconcile(db, gateways, account, day, now))
    except Exception as error:
        # a rail's defect must not keep the other operators from knowing their day
        log.exception("account %s could not be reconciled for %s", account.slug, day)
        refusal = Refusal(SETTLEMENT, FAILED, _explained(error))
        results.append(Result(account.slug, day, "awaiting", FAILED, None, refusals=(refusal,)))
    return results


def _explained(error: Exception) -> Complaint:
    if isinstance(error, Complaint):
        return error
    return Unavailable("The reconciliation stopped: %(error)s", error=repr(error))


def _store(
    db: sessionmaker[Session],
    account: MerchantAccount,
    day: date,
    gathered: Gathered,
    now: datetime,
) -> _Stored:
    accepted: list[str] = []
    repeated: list[str] = []
    refusals = list(gathered.refusals)
    for delivery in gathered.deliveries:
        try:
            new = _accept(db, account, day, delivery, now)
            (accepted if new else repeated).append(delivery.file.name)
        except ControlTotalsDiffer as error:
            refusals.append(Refusal(delivery.leg, CONTROL_TOTAL, error))
        except InvalidStatement as error:
            refusals.append(Refusal(delivery.leg, UNPARSABLE, error))
    for refusal in refusals:
        log.warning("%s of %s, %s: %s", refusal.leg, account.slug, day, refusal.reason)
    return _Stored(tuple(accepted), tuple(repeated), tuple(refusals))


def _accept(
    db: sessionmaker[Session],
    account: MerchantAccount,
    day: date,
    delivery: Delivery,
    now: datetime,
) -> bool:
    with db.begin() as tx:
        alone(tx, account.id)
        return accept(tx, account.id, delivery.leg, day, delivery.file, now)


def _state(tx: Session, account: MerchantAccount, day: date) -> str:
    if days.is_complete(tx, account.id, SETTLEMENT, day):
        return "complete"
    return "partial" if days.is_begun(tx, account.id, SETTLEMENT, day) else "awaiting"


def _compare(tx: Session, scope: Scope) -> tuple[int, int, int]:
    """How many were matched, opened and resolved, on every leg; books fees and payouts, adds up."""
    list_new_lines(tx, scope)
    rules = Rules(tx, scope)
    rules.leave_out_named(tx)
    matched = match(tx, scope, rules.tolerance)
    if rules.tolerance:
        book_differences(tx, scope, f"{NEAR}{rules.tolerance}")
    resolved = explaining.explain(tx, scope, SETTLEMENT) + rules.name(tx, SETTLEMENT)
    list_loose_ones(tx, scope)
    opened = open_breaks(tx, scope)
    found = days_matched(tx)
    explaining.note_late(tx, scope, found)
    paid = compare_payouts(tx, scope)
    matched += match_payouts(tx, scope)
    resolved += paid.resolved + explaining.explain(tx, scope, BANK) + rules.name(tx, BANK)
    opened += paid.opened + open_bank_breaks(tx, scope)
    explaining.end_timing(tx, scope)
    booked = book_fees(tx, scope) | book_payouts(tx, scope)
    for day in sorted(booked | totals.touched_days(tx, scope, found)):
        totals.refresh(tx, scope.account_id, day, scope.now)
    return matched, opened, resolved


def _reason(
    state: str, stored: _Stored, *, awaited: bool, counted: bool, early: bool
) -> str | None:
    failed = [refusal for refusal in stored.refusals if refusal.leg == SETTLEMENT]
    reasons = {
        "not_due": early,
        "no_statements": not awaited,
        "shift_open": counted,
        "unavailable": any(refusal.kind == UNAVAILABLE for refusal in failed),
        "refused": bool(failed),
        "more_follows": state == "partial",
        "no_file": True,
    }
    if state == "complete":
        return None
    return next(reason for reason, holds in reasons.items() if holds)
