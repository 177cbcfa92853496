"""Paying for more vehicles together. Others are added by their own codes, never by their plates:
whoever holds a vehicle's code may see its parking session, and nobody else learns of it here.

The page keeps nothing: the links of the vehicles stand in its address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from parking.driver.links import BrokenLink, find, local_link, public_link
from parking.driver.owed import of_session
from parking.driver.paying import back, slow_down
from parking.house import House
from parking.journey import Journey
from parking.languages import explain, mark
from parking.lots.offers import Way, chosen_way, ways_at
from parking.sessions import groups
from parking.sessions.doubts import Doubt, doubts_of
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import Choice
from parking.sessions.together import Together, together_now
from parking.web.language import reader_language
from parking.web.leaving import onward
from payments.errors import Conflict, WrongUsage
from qr.errors import Explained
from qr.reading import UnreadablePicture, read_code

#: A photograph by an ordinary telephone.
LARGEST_PICTURE = 12 * 1024 * 1024
#: What stands between links in an address; no link holds one.
BETWEEN = ","


@dataclass(frozen=True, slots=True)
class Basket:
    """The vehicles on the page, the one it was opened from first, and how they can be paid now."""

    stays: Sequence[ParkingSession]
    links: Sequence[str]
    found: Together
    ways: Sequence[Way]


def add(pages: Blueprint, house: House) -> None:
    """Put paying for several vehicles into `pages`."""

    @pages.url_value_preprocessor
    def allow_a_picture(endpoint: str | None, _values: object) -> None:
        if endpoint == "driver.add_to_group":
            request.max_content_length = LARGEST_PICTURE

    @pages.get("/s/<link>/together")
    def together(link: str) -> ResponseReturnValue:
        return _page(house, link)

    @pages.post("/s/<link>/together/add")
    def add_to_group(link: str) -> ResponseReturnValue:
        return _add(house, link)

    @pages.post("/s/<link>/together/pay")
    def pay_group(link: str) -> ResponseReturnValue:
        return _pay(house, link)


def _basket(house: House, tx: Session, link: str) -> Basket:
    """Raises `BrokenLink` for a link of no parking session."""
    others = filter(None, request.values.get("others", "").split(BETWEEN))
    links = list(dict.fromkeys((link, *others)))[: groups.MOST]
    stays = [find(house, tx, each) for each in links]
    now = house.clock()
    found = together_now(tx, house.tariffs, stays, now)
    ways = ways_at(tx, house.gateways, stays[0].lot, found.amount, found.currency, now)
    return Basket(stays, links, found, ways if found.payable else ())


def _page(
    house: House,
    link: str,
    problem: Explained | None = None,
    status: int = 200,
    doubts: Sequence[Doubt] = (),
) -> ResponseReturnValue:
    with house.databases.read() as tx:
        basket = _basket(house, tx, link)
    page = render_template(
        "driver/together.html",
        lot=basket.stays[0].lot,
        link=link,
        others=BETWEEN.join(basket.links[1:]),
        rows=[(row, _without(basket, at)) for at, row in enumerate(basket.found.rows)],
        found=basket.found,
        ways=basket.ways,
        full=len(basket.stays) >= groups.MOST,
        problem=explain(problem, reader_language()) if problem else "",
        news=request.args.get("news", ""),
        given=request.form.get("code", ""),
        doubts=doubts,
        wish=request.form.get("way", ""),
    )
    return page, status


def _without(basket: Basket, at: int) -> str:
    """The other vehicles' links, but for the one there."""
    return BETWEEN.join([*basket.links[1:at], *basket.links[at + 1 :]])


def _add(house: House, link: str) -> ResponseReturnValue:
    try:
        added = _scanned()
        with house.databases.read() as tx:
            basket = _basket(house, tx, link)
            if added not in basket.links:
                groups.check_together([*basket.stays, find(house, tx, added)])
    except (BrokenLink, WrongUsage, Conflict) as error:
        return _page(house, link, error, error.http_status)
    except UnreadablePicture as error:
        return _page(house, link, error, WrongUsage.http_status)
    return _shown(link, [*basket.links[1:], added])


def _scanned() -> str:
    """The link on the picture that was sent, or the one that was pasted. Raises `BrokenLink`, and
    `UnreadablePicture`."""
    picture = request.files.get("picture")
    sent = picture.read() if picture and picture.filename else b""
    text = read_code(sent) if sent else request.form.get("code", "").strip()
    path = urlsplit(text).path if text.isprintable() else ""
    _, begins, rest = path.partition("/s/")
    if not begins:
        raise BrokenLink(mark("That is not the code of a parking session."))
    return rest.partition("/")[0]


def _shown(link: str, others: Sequence[str], news: str | None = None) -> Response:
    unique = [other for other in dict.fromkeys(others) if other != link]
    address = url_for("driver.together", link=link, others=BETWEEN.join(unique), news=news)
    return redirect(address, 303)


def _pay(house: House, link: str) -> ResponseReturnValue:
    """As for one vehicle: what the form says is only compared."""
    now, address = house.clock(), request.remote_addr or ""
    slow_down(house, "pay")
    with house.databases.read() as tx:
        basket = _basket(house, tx, link)
    if request.form.get("amount") != str(basket.found.amount) or not basket.found.payable:
        return _shown(link, basket.links[1:], "changed")
    way = chosen_way(basket.ways, request.form.get("way", ""))
    if not request.form.get("again") and (doubts := _doubts(house, basket, way)):
        return _page(house, link, doubts=doubts)
    first = basket.stays[0]
    home = f"{public_link(house, first)}?from=pay"
    choice = Choice(way.account, Journey(house.config.public_url, home, address), way.method)
    databases, due = house.databases, [row.session.id for row in basket.found.due]
    try:
        payment = groups.pay(databases.write, house.gateways, house.tariffs, due, choice, now)
    except Conflict:
        return _shown(link, basket.links[1:], "changed")
    places = of_session(local_link(house, next(s for s in basket.stays if s.id == due[0])))
    decided = request.form.get("again") or None
    transfer_page = places.at("transfer", code=payment.code, again=decided)
    return onward(payment, transfer_page) or back(places, **{"from": "pay"})


def _doubts(house: House, basket: Basket, way: Way) -> Sequence[Doubt]:
    with house.databases.read() as tx:
        return doubts_of(tx, basket.found, way.account.slug, way.method, house.clock())
