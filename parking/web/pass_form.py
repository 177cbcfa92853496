"""The form that sells a pass: plate, what is bought, from which day, for how many months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import request
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.house import House
from parking.languages import explain, mark
from parking.lots.models import Lot
from parking.passes.models import Pass
from parking.passes.prices import Kind, kinds_at
from parking.passes.sales import MOST_MONTHS, Bearer, Sale, sell
from parking.passes.standing import HOLDERS, HOURS
from parking.sessions.plates import read_plate
from parking.tariffs import TariffBook
from parking.tariffs.model import REGULAR
from parking.web.arrival_form import vehicle_name
from parking.web.formats import money
from parking.web.language import reader_language, say
from payments.errors import Complaint, NotFound, WrongUsage


@dataclass(frozen=True, slots=True)
class PassForm:
    """What was filled in, and what is to be said about it."""

    plate: str = ""
    kind: str = ""
    since: str = ""
    months: str = "1"
    problem: str = ""

    @classmethod
    def sent(cls) -> PassForm:
        """As this request sent it."""
        return cls(*(request.form.get(name, "") for name in ("plate", "kind", "since", "months")))

    def refused(self, error: Complaint) -> PassForm:
        """The form as it was filled in, with the reason why it will not do."""
        return replace(self, problem=explain(error, reader_language()))

    def read_kind(self) -> Kind:
        """Raises `WrongUsage` when nothing was chosen."""
        parts = self.kind.split(":")
        if len(parts) != 3:
            raise WrongUsage(mark("Please choose a pass."))
        return Kind(*parts)

    def read_bearer(self) -> Bearer:
        """Raises `InvalidPlate`."""
        return read_bearer(self.plate, self.read_kind().vehicle_class)

    def read_since(self) -> date:
        """Raises `WrongUsage` for what is no day."""
        try:
            return date.fromisoformat(self.since)
        except ValueError as error:
            raise WrongUsage(
                mark("“%(text)s” is not a day such as 20/11/2026."), text=self.since[:20]
            ) from error

    def read_months(self) -> int:
        """Raises `WrongUsage` for what is no number."""
        if not (self.months.isascii() and self.months.isdigit() and len(self.months) < 4):
            raise WrongUsage(
                mark("A pass is sold for 1 to %(most)s months, not for %(months)s."),
                most=MOST_MONTHS, months=self.months[:20] or "—",
            )  # fmt: skip
        return int(self.months)


def read_bearer(plate: str, vehicle_class: str) -> Bearer:
    """The plate as passes keep it. Raises `InvalidPlate`."""
    read = read_plate(plate, vehicle_class)
    return Bearer(read.key, read.display)


def bearer_in_hand(tx: Session, form: PassForm, lot: Lot) -> Bearer:
    """The plate that was typed, or the card of `lot` whose number was. Raises `WrongUsage` for both or
    neither, and for a card that is not of this lot or not in use."""
    number = request.form.get("card", "").strip().lstrip("#")
    if bool(number) == bool(form.plate.strip()):
        raise WrongUsage(mark("Please give either a plate or the number of a card."))
    if not number:
        return form.read_bearer()
    digits = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 0
    query = select(Card).where(Card.lot_id == lot.id, Card.number == digits)
    card = tx.scalar(query.where(Card.state == "ready"))
    if card is None:
        raise WrongUsage(
            mark("Lot %(lot)s has no card %(number)s that is in use."), lot=lot.number,
            number=number[:20],
        )  # fmt: skip
    return Bearer(None, None, card.id)


def pass_choices(
    tariffs: TariffBook, lots: Iterable[Lot], day: date, everybody: bool
) -> Sequence[tuple[str, str, str, str]]:
    """What `lots` sell on `day` as tiles: value, name, price of a month, icon. With `everybody` also
    what is only for pupils and staff. Several prices for one kind show the dearest."""
    found: dict[Kind, tuple[int, str]] = {}
    for lot in lots:
        try:
            offers = kinds_at(tariffs, lot, day)
        except NotFound:
            continue
        for kind, price in offers:
            if everybody or kind.holder == REGULAR:
                before = found.get(kind, (0, price.currency))[0]
                found[kind] = (max(before, price.amount), price.currency)
    return [_tile(kind, *price) for kind, price in found.items()]


def _tile(kind: Kind, amount: int, currency: str) -> tuple[str, str, str, str]:
    name = f"{vehicle_name(kind.vehicle_class)}, {say(HOURS[kind.hours])}"
    note = say("%(amount)s a month", amount=money(amount, currency))
    if kind.holder != REGULAR:
        note = f"{say(HOLDERS[kind.holder])} · {note}"
    return f"{kind.vehicle_class}:{kind.hours}:{kind.holder}", name, note, kind.vehicle_class


def sell_by(house: House, form: PassForm, lots: Sequence[Lot], bearer: Bearer, actor: str) -> Pass:
    """Sell what `form` says at `lots` (the first one sells) to `bearer`. Raises `WrongUsage`, and
    `Held` for a vehicle that has a pass."""
    terms = (bearer, form.read_kind(), form.read_since(), form.read_months())
    with house.databases.write.begin() as tx:
        return sell(tx, house.tariffs, Sale(lots, *terms, actor), house.clock())
