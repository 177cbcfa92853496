"""Which days are closed, which could be, and what one day's certificate says beside the figures of now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.finance.month import Month
from parking.languages import mark
from parking.lots.models import Operator
from parking.web.actors import names_of
from payments.errors import NotFound
from payments.models import MerchantAccount
from reconciliation.closing.attempts import OperatorDay, exceptions_of, live
from reconciliation.closing.certificates import decode, figures_in, not_parking_on, of_day
from reconciliation.closing.figures import KNOWN, RECORDED, Figures, Part, totals_of
from reconciliation.closing.models import ASKED, Certificate, Closing, ClosingException
from reconciliation.closing.obstacles import Obstacle, ObstacleKind, Span, obstacles, waiting
from reconciliation.closing.states import DayState, closed_state
from reconciliation.days import DAY, IN_FLIGHT
from reconciliation.rules.finding import Sum

#: What the figures of a certificate are called.
FIGURE_NAMES = {
    "count": mark("Payments"),
    "gross": mark("Gross"),
    "refunds": mark("Refunds"),
    "fees": mark("Fees"),
    "net": mark("Net"),
    "confirmed_count": mark("Payments the provider confirmed"),
    "confirmed_gross": mark("Confirmed by the provider"),
    "banked_count": mark("Payments in the bank"),
    "banked_gross": mark("In the bank"),
    "breaks": mark("Open differences"),
}
#: So many of what is not explained stand on the page of a day; who closes has to explain the rest.
LISTED = 100
#: Those that are numbers of something, not money.
COUNTS = frozenset({"count", "confirmed_count", "banked_count", "breaks"})


@dataclass(frozen=True, slots=True)
class DayRow:
    """One operator's day in the list. `state`: ready, waiting (`missing` says for how many of what),
    asked, closing, closed or reopening."""

    told: DayState
    operator_name: str
    state: str
    missing: Mapping[str, int]


def days_of(tx: Session, month: Month, operator: str | None, today: date) -> Sequence[DayRow]:
    """The days of `month` that are over, the newest first."""
    until = min(month.last, today - DAY)
    if until < month.first:
        return []
    days = closed_state(tx, month.first, until, operator)
    missing = waiting(tx, Span(operator, month.first, until))
    attempts = _attempts(tx, month.first, until)
    names = operator_names(tx)
    return [
        _row(told, names, missing.get((told.operator, told.day), ()),
             attempts.get((told.operator, told.day)))
        for told in sorted(days, key=lambda told: (-told.day.toordinal(), told.operator))
    ]  # fmt: skip


def _row(
    told: DayState,
    names: Mapping[str, str],
    missing: Sequence[Obstacle],
    attempt: Closing | None,
) -> DayRow:
    kinds = [one.kind.value for one in missing]
    counted = {kind.value: kinds.count(kind) for kind in ObstacleKind if kind in kinds}
    state = state_of(attempt) or ("waiting" if missing else "ready")
    return DayRow(told, names.get(told.operator, told.operator), state, counted)


def state_of(attempt: Closing | None) -> str | None:
    """How far an attempt is, in the words of `parking.reports.closing_words`; None without one."""
    if attempt is None:
        return None
    return "reopening" if attempt.reopen_asked_by else attempt.state


def _attempts(tx: Session, since: date, until: date) -> Mapping[tuple[str, date], Closing]:
    standing = select(Closing).where(
        Closing.day.between(since, until), Closing.state.in_((ASKED, "closing", "closed"))
    )
    return {(row.operator, row.day): row for row in tx.scalars(standing)}


def operator_names(tx: Session) -> Mapping[str, str]:
    """Code → the name an operator is registered under."""
    return {row.code: row.legal_name for row in tx.scalars(select(Operator))}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of a day: certified (None: not closed), and as it stands now."""

    name: str
    certified: int | None
    now: int
    money: bool

    @property
    def differs(self) -> bool:
        return self.certified not in (None, self.now)


@dataclass(frozen=True, slots=True)
class DayPage:
    """Everything the page of an operator's day shows. `figures` are by currency, `parts` the
    certified figures of each account, lot and product, or those of now while nothing is certified;
    `others`: currency → lines that are not parking, as they stand now."""

    which: OperatorDay
    operator_name: str
    state: str
    closing: Closing | None
    ready_at: datetime | None
    obstacles: Sequence[Obstacle]
    exceptions: Sequence[ClosingException]
    certificates: Sequence[Certificate]
    document: Mapping[str, Any]
    figures: Mapping[str, Sequence[FigureRow]]
    parts: Sequence[tuple[Part, Figures]]
    others: Mapping[str, Sum] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def certified_others(self) -> Mapping[str, Mapping[str, Any]]:
        """Currency → count and total of what was not parking when the day was certified."""
        told = self.document.get("not_parking", ()) if self.closed else ()
        return {one["currency"]: one for one in told}

    @property
    def closed(self) -> bool:
        return self.closing is not None and self.closing.certificate_id is not None

    @property
    def listed(self) -> Sequence[Obstacle]:
        """The first of what is not explained: accounts without their file before differences."""
        return self.obstacles[:LISTED]

    @property
    def unconfirmed(self) -> Sequence[ClosingException]:
        return [one for one in self.exceptions if one.confirmed_by is None]

    @property
    def excepted(self) -> frozenset[str]:
        return frozenset(one.subject for one in self.exceptions)


def day_page(tx: Session, which: OperatorDay) -> DayPage:
    """The page of one day. Raises `NotFound` for an operator that has no merchant account."""
    known = select(MerchantAccount.id).where(MerchantAccount.operator == which.operator)
    if tx.scalar(known.limit(1)) is None:
        raise NotFound("There is no operator %(operator)s.", operator=which.operator)
    closing = live(tx, which)
    exceptions = exceptions_of(tx, closing) if closing else ()
    certificates, now = of_day(tx, *_key(which)), totals_of(tx, *_key(which))
    closed = closing is not None and closing.certificate_id is not None
    missing = () if closed else obstacles(tx, *_key(which))
    document = decode(certificates[0]) if certificates else {}
    certified = figures_in(document) if closed else {}
    stopped = closing.stopped_at if closing else None
    return DayPage(
        which=which,
        operator_name=operator_names(tx).get(which.operator, which.operator),
        state=state_of(closing) or ("waiting" if missing else "ready"),
        closing=closing,
        ready_at=stopped + IN_FLIGHT if stopped else None,
        obstacles=missing,
        exceptions=exceptions,
        certificates=certificates,
        document=document,
        figures=_figures(certified, now, closed=closed),
        parts=sorted((certified if closed else now).items()),
        others={one.currency: one for one in not_parking_on(tx, *_key(which))},
        names=names_of(tx, _people(closing, exceptions, certificates)),
    )


def _key(which: OperatorDay) -> tuple[str, date]:
    return which.operator, which.day


def _figures(
    certified: Mapping[Part, Figures], now: Mapping[Part, Figures], *, closed: bool
) -> Mapping[str, Sequence[FigureRow]]:
    def added(rows: Mapping[Part, Figures], currency: str, name: str) -> int:
        return sum(row[name] for part, row in rows.items() if part.currency == currency)

    currencies = sorted({part.currency for part in (*certified, *now)})
    return {
        currency: [
            FigureRow(
                name,
                added(certified, currency, name) if closed else None,
                added(now, currency, name),
                name not in COUNTS,
            )
            for name in (*RECORDED, *KNOWN)
        ]
        for currency in currencies
    }


def _people(
    closing: Closing | None,
    exceptions: Sequence[ClosingException],
    certificates: Sequence[Certificate],
) -> set[str]:
    found = {one.closed_by for one in certificates}
    found |= {who for one in exceptions for who in (one.named_by, one.confirmed_by) if who}
    if closing is not None:
        found |= {who for who in (closing.begun_by, closing.reopen_asked_by) if who}
    for one in certificates:
        told = decode(one)["reopened"]
        found |= {told["asked_by"], told["confirmed_by"]} if told else set()
    return found
