"""Selling a pass at a counter or a desk: the same form, whoever serves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.house import House
from parking.lots.models import Lot
from parking.passes.sales import AHEAD, MOST_MONTHS
from parking.web.pass_form import PassForm, bearer_in_hand, pass_choices, sell_by
from payments.db import business_day
from payments.errors import Conflict, WrongUsage


@dataclass(frozen=True, slots=True)
class Counter:
    """`actor` sells at `lot`, at every price there is; `lots` are the ones a pass may hold at too, if
    their operator is the same. `page` is the template, `then` the endpoint of the pass sold."""

    lot: Lot
    lots: Iterable[Lot]
    actor: str
    page: str
    then: str

    @property
    def others(self) -> list[Lot]:
        own = self.lot
        return [o for o in self.lots if o.operator_id == own.operator_id and o.id != own.id]


def serve(house: House, counter: Counter) -> ResponseReturnValue:
    """Answer this request at the counter: the form, or what became of it."""
    if request.method != "POST":
        return _page(house, counter, PassForm(plate=request.args.get("plate", "")[:40]))
    form, chosen = PassForm.sent(), request.form.getlist("lots")
    wished = [counter.lot, *(lot for lot in counter.others if lot.number in chosen)]
    try:
        with house.databases.read() as tx:
            bearer = bearer_in_hand(tx, form, counter.lot)
        held = sell_by(house, form, wished, bearer, counter.actor)
    except (WrongUsage, Conflict) as error:
        return _page(house, counter, form.refused(error)), error.http_status
    return redirect(url_for(counter.then, pass_id=held.id, news="sold"), 303)


def _page(house: House, counter: Counter, form: PassForm) -> str:
    today = business_day(house.clock())
    return render_template(
        counter.page,
        lot=counter.lot,
        others=counter.others,
        form=form,
        choices=pass_choices(house.tariffs, [counter.lot], today, everybody=True),
        chosen=request.form.getlist("lots"),
        card=request.form.get("card", ""),
        today=today,
        latest=today + AHEAD,
        most=MOST_MONTHS,
    )
