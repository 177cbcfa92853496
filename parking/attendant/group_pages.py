"""One payment code for several vehicles: a family leaves together. The attendant picks them from the
unpaid ones of a lot, and the driver scans one code."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from parking.attendant.own import own_lot, own_lots, own_session
from parking.attendant.paying import journey, transfer_page
from parking.house import House
from parking.languages import explain
from parking.lots.models import Lot
from parking.lots.offers import Way, chosen_way, ways_at
from parking.people.guard import the_badge
from parking.sessions import groups
from parking.sessions.doubts import Doubt, doubts_of
from parking.sessions.due import standings
from parking.sessions.quotes import Choice
from parking.sessions.service import open_sessions
from parking.sessions.together import Row, Together, together_now
from parking.web.language import reader_language
from parking.web.leaving import onward
from payments.errors import Complaint, Conflict, WrongUsage

#: Typing two digits of the plate finds the rest.
LONGEST_LIST = 30


@dataclass(frozen=True, slots=True)
class Pick:
    """The vehicles of `lot`: those chosen, and those that can be, which `ending` narrows."""

    lot: Lot
    ending: str
    chosen: Together | None
    others: Sequence[Row]
    ways: Sequence[Way]


def add(pages: Blueprint, house: House) -> None:
    """Put paying for several vehicles into `pages`."""

    @pages.get("/together")
    def choose_group_lot() -> ResponseReturnValue:
        with house.databases.read() as tx:
            lots = own_lots(tx, the_badge())
        if len(lots) == 1:
            return redirect(url_for("attendant.group", number=lots[0].number), 303)
        return render_template("attendant/choose_lot.html", lots=lots, then="attendant.group")

    @pages.get("/together/<number>")
    def group(number: str) -> ResponseReturnValue:
        return _page(house, number)

    @pages.post("/together/<number>")
    def pay_group(number: str) -> ResponseReturnValue:
        return _pay(house, number)


def _page(
    house: House,
    number: str,
    problem: Complaint | None = None,
    status: int = 200,
    doubts: Sequence[Doubt] = (),
) -> ResponseReturnValue:
    with house.databases.read() as tx:
        pick = _pick(house, tx, number)
    page = render_template(
        "attendant/together.html",
        pick=pick,
        problem=explain(problem, reader_language()) if problem else "",
        doubts=doubts,
        wish=request.form.get("way", ""),
    )
    return page, status


def _pick(house: House, tx: Session, number: str) -> Pick:
    badge, now = the_badge(), house.clock()
    lot, ending = own_lot(tx, badge, number), request.values.get("q", "").strip()
    ids = list(dict.fromkeys(map(_id, request.values.getlist("vehicle"))))[: groups.MOST]
    stays = [own_session(tx, badge, session_id) for session_id in ids]
    inside = [stay for stay in open_sessions(tx, [lot.id], ending) if stay.id not in ids]
    unpaid = [found for found in standings(tx, house.tariffs, inside, now) if found.due]
    chosen = together_now(tx, house.tariffs, stays, now) if stays else None
    others = [Row(found, None) for found in unpaid[:LONGEST_LIST]]
    ways: Sequence[Way] = ()
    if chosen and chosen.payable:
        ways = ways_at(tx, house.gateways, lot, chosen.amount, chosen.currency, now)
    return Pick(lot, ending, chosen, others, ways)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise WrongUsage(
            "This form is incomplete. Please reload the page and try again."
        ) from error


def _pay(house: House, number: str) -> ResponseReturnValue:
    """What the form says is only compared: nobody is charged what a form says."""
    with house.databases.read() as tx:
        pick = _pick(house, tx, number)
    chosen = pick.chosen
    if chosen is None or request.form.get("amount") != str(chosen.amount) or not pick.ways:
        return _page(house, number, status=409)
    way = chosen_way(pick.ways, request.form.get("way", ""))
    with house.databases.read() as tx:
        doubts = doubts_of(tx, chosen, way.account.slug, way.method, house.clock())
    if doubts and not request.form.get("again"):
        return _page(house, number, doubts=doubts)
    return _begin(house, number, chosen, way)


def _begin(house: House, number: str, chosen: Together, way: Way) -> ResponseReturnValue:
    first = chosen.due[0].session
    choice = Choice(way.account, journey(house, first), way.method)
    ids = [row.session.id for row in chosen.due]
    try:
        payment = groups.pay(
            house.databases.write, house.gateways, house.tariffs, ids, choice, house.clock()
        )
    except Conflict as error:
        return _page(house, number, error, error.http_status)
    check: Response = redirect(url_for("attendant.check", session_id=first.id), 303)
    return onward(payment, transfer_page(house, payment, first)) or check
