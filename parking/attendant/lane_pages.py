"""The exit lane: the screen, the list it keeps on the phone, and what is new since.

The phone holds every vehicle of the lot, so digits are answered without the network. It asks every
0.7 seconds what was touched since: one short question that costs what happened, survives a proxy and
a lost signal alike, and holds no thread of ours as a stream of events would. Now and then it fetches
everything again, because time alone changes prices too.
"""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, json, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import or_
from sqlalchemy.orm import Session

from parking.attendant.feeds import late_feeds
from parking.attendant.own import own_lot, own_lot_id, own_lots
from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import current_sign, link_of
from parking.people.guard import the_badge
from parking.sessions.changed import touched_since
from parking.sessions.exits import UNDO_WINDOW
from parking.sessions.lane import Lane, LaneRow
from parking.sessions.lane_facts import (
    CLAIMED,
    DECLARED,
    IN_DOUBT,
    KEY_DIGITS,
    ON_CARD,
    inside_by_key,
)
from parking.sessions.models import ParkingSession
from parking.sessions.states import State
from parking.web.arrival_form import class_offers
from payments.db import business_day, new_id
from payments.errors import NotFound, WrongUsage
from qr import image

#: As many vehicles as one attendant can have waiting at once, and more.
LONGEST_WATCH = 50
#: A level of zlib: one tenth smaller would cost three times the time.
EFFORT = 4
#: What phones are told of a row's marks.
TOLD = DECLARED | IN_DOUBT | CLAIMED | ON_CARD
_KEY = re.compile(rf"[0-9a-f]{{{KEY_DIGITS}}}")
_MOMENT = re.compile(r"[0-9a-f]{32}")


def add(pages: Blueprint, house: House) -> None:
    """Put the exit lane into `pages`."""
    vehicles = Lane(house.tariffs)

    @pages.get("/lane")
    def lanes() -> ResponseReturnValue:
        with house.databases.read() as tx:
            lots = own_lots(tx, the_badge())
        if not lots:
            return render_template("attendant/choose_lot.html", lots=lots, then="attendant.lane")
        return redirect(url_for("attendant.lane", number=lots[0].number), 303)

    @pages.get("/lane/<number>")
    def lane(number: str) -> ResponseReturnValue:
        return _page(house, number)

    @pages.get("/lane/<number>/list")
    def lane_list(number: str) -> Response:
        return _list(house, vehicles, number)

    @pages.get("/lane/<number>/more/<key>")
    def lane_more(number: str, key: str) -> ResponseReturnValue:
        return _check_screen(house, number, key)

    @pages.get("/lane/<number>/bank")
    def lane_bank(number: str) -> Response:
        return _packed({"late": _bank_late(house, number)})

    @pages.get("/lane/<number>/changes")
    def lane_changes(number: str) -> Response:
        return _changes(house, vehicles, number)


def _page(house: House, number: str) -> str:
    badge = the_badge()
    with house.databases.read() as tx:
        lots = own_lots(tx, badge)
        lot = own_lot(tx, badge, number)
        sign = _sign_code(house, tx, lot)
    offers = class_offers(house.tariffs, lot, business_day(house.clock()))
    return render_template("attendant/lane.html", lot=lot, lots=lots, offers=offers, sign=sign)


def _sign_code(house: House, tx: Session, lot: Lot) -> Markup:
    """The code of the lot's own sign, kept for when there is no signal; empty where none hangs."""
    try:
        sign = current_sign(tx, lot)
    except NotFound:
        return Markup()
    return Markup(image.svg(link_of(house.keys, house.config.public_url, lot, sign)))


def _check_screen(house: House, number: str, key: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        found = inside_by_key(tx, own_lot_id(tx, the_badge(), number), [key])
    if len(found) != 1:
        raise NotFound("There is no such parking session.")
    return redirect(url_for("attendant.check", session_id=found[0]), 303)


def _list(house: House, vehicles: Lane, number: str) -> Response:
    now, moment = house.clock(), new_id().hex
    with house.databases.read() as tx:
        lot_id = own_lot_id(tx, the_badge(), number)
        recent = or_(ParkingSession.exit_at.is_(None), ParkingSession.exit_at >= now - UNDO_WINDOW)
        rows = vehicles.rows(tx, (ParkingSession.lot_id == lot_id, recent), now)
    return _packed(_told(rows, moment, now))


def _bank_late(house: House, number: str) -> int | None:
    """Since when a bank feed of the lot is silent, in milliseconds; None while none is."""
    with house.databases.read() as tx:
        silent = late_feeds(house, tx, [own_lot(tx, the_badge(), number)], house.clock())
    return min((_milliseconds(feed.since) for feed in silent), default=None)


def _changes(house: House, vehicles: Lane, number: str) -> Response:
    """What was touched since the moment the phone names, and the vehicles it watches."""
    now, moment = house.clock(), new_id().hex
    with house.databases.read() as tx:
        chosen = _asked(tx, own_lot_id(tx, the_badge(), number))
        rows = vehicles.rows(tx, (ParkingSession.id.in_(chosen),), now) if chosen else []
    return _packed(_told(rows, moment, now))


def _asked(tx: Session, lot_id: uuid.UUID) -> set[uuid.UUID]:
    """The sessions that were touched since the moment the phone names, and those it watches."""
    since, watched = request.args.get("since", ""), request.args.get("watch", "")
    keys = [key for key in watched.split(",") if key][:LONGEST_WATCH]
    if not _MOMENT.fullmatch(since) or not all(map(_KEY.fullmatch, keys)):
        raise WrongUsage(mark("Please load the list of this lot again."))
    touched = touched_since(tx, lot_id, uuid.UUID(since))
    return {*touched, *inside_by_key(tx, lot_id, keys)}


def _told(rows: Sequence[LaneRow], moment: str, now: datetime) -> dict[str, Any]:
    """The rows as columns, a third smaller when compressed than a list for each vehicle. Entries are
    seconds, each less than the one before; marks: 1 declared, 2 plate in doubt, 4 money claimed, 8
    has a card of the lot."""
    entries = [int(row.entry_at.timestamp()) for row in rows]
    classes = {name: at for at, name in enumerate(sorted({row.vehicle_class for row in rows}))}
    states: dict[State | None, int] = {name: at for at, name in enumerate(State)}
    return {
        "now": _milliseconds(now),
        "moment": moment,
        "classes": [*classes],
        "states": [*State],
        "key": "".join(row.key for row in rows),
        "plate": [row.plate for row in rows],
        "entry": [a - b for a, b in zip(entries, [0, *entries], strict=False)],
        "class": [classes[row.vehicle_class] for row in rows],
        "state": [states.get(row.state, -1) for row in rows],
        "due": [row.due for row in rows],
        "marks": [row.marks & TOLD for row in rows],
        "pass": [
            [at, f"{row.pass_until:%d/%m/%Y}"] for at, row in enumerate(rows) if row.pass_until
        ],
        "left": [
            [at, _milliseconds(row.left_at), row.left_by]
            for at, row in enumerate(rows)
            if row.left_at
        ],
    }


def _milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _packed(told: dict[str, Any]) -> Response:
    body = json.dumps(told, separators=(",", ":")).encode()
    response = Response(body, content_type="application/json")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        response.data = gzip.compress(body, EFFORT, mtime=0)
        response.content_encoding = "gzip"
    return response
