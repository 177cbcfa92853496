"""A difference as somebody works on it: what was done, what may be done, what it would book."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.finance.pair_events import PairEvent, pair_events
from parking.finance.sides import Sides
from parking.languages import explain, mark
from parking.lots.models import Operator
from parking.people.models import Person
from parking.reports.reason_words import ACT_SENTENCES, REASON_NAMES, account_called
from parking.reports.words import break_name
from parking.web.actors import names_of
from parking.web.formats import money
from parking.web.language import reader_language, say
from payments.errors import WrongUsage
from payments.models import Transfer
from qr.errors import Explained
from reconciliation.models import Break
from reconciliation.resolving import deciding, second, tending
from reconciliation.resolving.booking import bookings
from reconciliation.resolving.clashes import settled_counterpart
from reconciliation.resolving.deciding import Decision, matter_of, reasons_for, waiting
from reconciliation.resolving.log import Said, namesakes, timeline
from reconciliation.resolving.models import BreakAct
from reconciliation.resolving.service import Deed
from reconciliation.sides import EXPLAINED


@dataclass(frozen=True, slots=True)
class Event:
    """An act as a sentence; `words` are what the person wrote, `together` on how many at once."""

    at: datetime
    who: str
    text: str
    words: str | None
    together: int
    before: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """A reason that may be given, and what it would do to the books."""

    code: str
    name: str
    books: Sequence[str]
    words: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What the page of a difference shows beside its sides. `asked` waits for a second person;
    `clash` is a difference a person resolved that stands between this one and its counterpart;
    `again`: the open ones that sides of this resolved one have become since, with their names;
    `alone`: one person may decide."""

    events: Sequence[Event]
    choices: Sequence[Choice]
    asked: BreakAct | None
    asked_name: str
    by_person: bool
    booked: Sequence[str]
    clash: uuid.UUID | None
    again: Sequence[tuple[uuid.UUID, str]]
    owner: str
    people: Sequence[tuple[str, str]]


def work_on(tx: Session, sides: Sides) -> Work:
    """Everything about the work on one difference, in the reader's language."""
    row, said = sides.difference, timeline(tx, sides.difference)
    pairs = pair_events(tx, row)
    asked = waiting(tx, row)
    actors = {one.act.actor for one in said} | {one.act.owner or "" for one in said}
    names = names_of(tx, actors | {row.owner or ""} | {one.actor for one in pairs})
    events = [_event(one, names, row.currency) for one in said]
    events += [_of_pair(one, names) for one in pairs]
    settled = deciding.last_decision(tx, row) if row.state == "resolved" else None
    booked = deciding.transfers_of(tx, settled.cause) if settled and settled.cause else ()
    return Work(
        events=sorted(events, key=lambda event: event.at, reverse=True),
        choices=_choices(tx, sides) if row.state == "open" else (),
        asked=asked,
        asked_name=names.get(asked.actor, asked.actor) if asked else "",
        by_person=row.state == "resolved" and row.resolution not in EXPLAINED,
        booked=[_entry(one) for one in booked],
        clash=settled_counterpart(tx, row),
        again=_again(tx, row),
        owner=names.get(row.owner, row.owner) if row.owner else "",
        people=people_of(tx, sides.account.operator),
    )


def people_of(tx: Session, operator: str | None) -> Sequence[tuple[str, str]]:
    """(actor, name) of the finance people who may have differences of this operator."""
    mine = or_(Person.operator_id.is_(None), Operator.code == operator)
    query = (
        select(Person.username, Person.name)
        .outerjoin(Operator, Operator.id == Person.operator_id)
        .where(Person.role == "finance", Person.disabled_at.is_(None))
        .order_by(Person.name, Person.username)
    )
    rows = tx.execute(query if operator is None else query.where(mine))
    return [(f"person:{row.username}", row.name or row.username) for row in rows]


def deed_of(form: Mapping[str, str], decision: Decision, people: Collection[str]) -> Deed:
    """What a form asks to be done: take, release, assign, comment, resolve, approve, refuse or undo.

    Raises `WrongUsage` for anything else, and for an owner who is not among `people`.
    """
    act, words = form.get("act", ""), form.get("words", "")
    given = partial(tending.assign, actor=decision.actor, now=decision.now)
    deeds: Mapping[str, Deed] = {
        "take": partial(given, owner=decision.actor),
        "release": partial(given, owner=None),
        "assign": partial(given, owner=form.get("owner", "")),
        "comment": partial(tending.comment, text=words, actor=decision.actor, now=decision.now),
        "resolve": partial(deciding.resolve, code=form.get("reason", ""), decision=decision),
        "approve": partial(second.approve, decision=decision),
        "refuse": partial(second.refuse, decision=decision),
        "undo": partial(deciding.undo, decision=decision),
    }
    if act not in deeds or (act == "assign" and form.get("owner") not in people):
        raise WrongUsage("This form is incomplete. Please reload the page and try again.")
    return deeds[act]


def reason_names(codes: Collection[str]) -> Sequence[tuple[str, str]]:
    """(code, name) of reasons, for a list to choose from."""
    return [(code, say(REASON_NAMES[code])) for code in codes]


def _again(tx: Session, row: Break) -> Sequence[tuple[uuid.UUID, str]]:
    """The open differences of the sides of `row`, which itself is no longer open."""
    if row.state == "open":
        return ()
    same = (one for one in namesakes(tx, row) if one.state == "open")
    return [(one.id, say(break_name(one.kind, one.leg))) for one in same]


def _event(said: Said, names: Mapping[str, str], currency: str) -> Event:
    act = said.act
    key = "release" if act.act == "assign" and act.owner is None else act.act
    text = say(
        ACT_SENTENCES[key],
        owner=names.get(act.owner or "", act.owner),
        reason=say(REASON_NAMES.get(act.reason or "", "–")),
        amount=money(act.amount or 0, currency),
    )
    who = names.get(act.actor, act.actor)
    return Event(act.at, who, text, said.words, act.together, said.before)


def _of_pair(done: PairEvent, names: Mapping[str, str]) -> Event:
    who = names.get(done.actor, done.actor)
    return Event(done.at, who, say(done.sentence, **done.parts), None, 1, False)


def _choices(tx: Session, sides: Sides) -> Sequence[Choice]:
    matter = matter_of(tx, sides.difference, sides.account)
    return [
        Choice(
            reason.code,
            say(REASON_NAMES[reason.code]),
            [
                _words(one.entry.debit, one.entry.credit, one.money.amount, one.money.currency)
                for one in bookings(matter, reason)
            ],
            reason.words,
        )
        for reason in reasons_for(sides.difference)
    ]


def _entry(transfer: Transfer) -> str:
    return _words(transfer.debit, transfer.credit, transfer.amount, transfer.currency)


def _words(debit: str, credit: str, amount: int, currency: str) -> str:
    entry = Explained(
        mark("Debit %(debit)s, credit %(credit)s: %(amount)s"),
        debit=account_called(debit),
        credit=account_called(credit),
        amount=money(amount, currency),
    )
    return explain(entry, reader_language())
