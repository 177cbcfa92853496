"""What a standing is called in front of people. Pages add colour, icon and words to these few names."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from parking.languages import mark
from parking.passes.coverage import FULL
from parking.sessions.due import HORIZON, Standing, paid_until
from parking.sessions.models import UNRECORDED
from parking.sessions.reliefs import ReliefKind
from payments.db import business_day

#: What a vehicle class is called; a class of another city's tariff is called by its own name.
VEHICLES = {
    "car": mark("Car"),
    "motorbike": mark("Motorbike"),
    "bicycle": mark("Bicycle"),
}
#: What stands beside them in the figures: one payment for vehicles of several classes.
FIGURE_CLASSES = {**VEHICLES, "mixed": mark("Several kinds, paid together")}


class State(StrEnum):
    UNPAID = "unpaid"
    PARTLY = "partly"
    PAID = "paid"
    FREE = "free"
    PASS = "pass"
    EXEMPT = "exempt"
    UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class Shown:
    """A standing as pages show it. `until` is when more falls due: None while something is due, and
    when nothing more ever does; `today` tells that it is on the day of the question."""

    standing: Standing
    state: State
    until: datetime | None
    today: bool

    @property
    def last_day(self) -> date | None:
        """The last day of the pass that pays for this stay, if it pays day and night."""
        relief = self.standing.relief
        ends = relief.terms[-1] if relief is not None and relief.terms else None
        return ends.until if ends is not None and ends.hours == FULL else None

    @property
    def left(self) -> bool:
        """The vehicle drove out."""
        return self.standing.session.exit_at is not None


def show(standing: Standing, now: datetime) -> Shown:
    """The name of `standing`, and until when it holds."""
    until = None if standing.session.exit_at else paid_until(standing, now)
    if until is not None and until >= now + HORIZON:
        until = None
    today = until is not None and business_day(until) == business_day(now)
    return Shown(standing, state_of(standing), until, today)


def state_of(standing: Standing) -> State:
    """The name alone, which costs no search for its end."""
    if standing.session.exit_kind == UNRECORDED:
        return State.UNRECORDED
    relief = standing.relief.kind if standing.relief else None
    return named(standing.due, standing.paid, relief)


def named(due: int, paid: int, relief: ReliefKind | None) -> State:
    """Pure: the name of what is due, what was paid (minor units) and why nothing is, if so."""
    if due:
        return State.PARTLY if paid else State.UNPAID
    if relief is not None:
        return State.PASS if relief is ReliefKind.PASS else State.EXEMPT
    return State.PAID if paid else State.FREE
