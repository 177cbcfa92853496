"""The page of one pass: to pay it, to show it, to renew it. One link serves everybody: an attendant of
one of its lots who opens it sees what an attendant may do with it."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.driver.links import find_pass
from parking.driver.owed import of_pass
from parking.driver.pass_view import PassView, bearer_name, pass_view, tail_of
from parking.driver.paying import Bill, back, press, slow_down, tell_state
from parking.driver.refund_way import bank_choices, ways_of
from parking.driver.session_view import receipts_for
from parking.driver.transfer_pages import show, show_picture
from parking.house import House
from parking.journey import Journey
from parking.languages import explain
from parking.lots.models import Operator
from parking.lots.offers import Way
from parking.passes.models import Pass
from parking.passes.paying import owed, pay, seller_of
from parking.passes.sales import renew
from parking.passes.standing import HOLDERS, HOURS
from parking.people.guard import current_badge
from parking.receipts.service import number_text
from parking.sessions.service import DRIVER
from parking.web.arrival_form import vehicle_name
from parking.web.language import reader_language, say
from parking.web.pass_links import local_pass_link, public_pass_link
from payments.errors import Conflict, WrongUsage
from payments.models import Payment
from payments.sharing import attempts
from qr import image

#: What another page of ours told this one to say first, by the name of a query parameter.
NEWS = ("changed", "gone", "from")


def add(pages: Blueprint, house: House) -> None:
    """Put the pages of a pass into `pages`."""

    @pages.get("/p/<link>")
    def pass_page(link: str) -> ResponseReturnValue:
        return show_pass(house, link)

    @pages.get("/p/<link>/qr.<any(png, svg):kind>")
    def pass_code(link: str, kind: str) -> ResponseReturnValue:
        return _code(house, link, kind)

    @pages.post("/p/<link>/pay")
    def pay_pass(link: str) -> ResponseReturnValue:
        return _pay(house, link)

    @pages.get("/p/<link>/state")
    def pass_state(link: str) -> ResponseReturnValue:
        return _state(house, link)

    @pages.post("/p/<link>/renew")
    def renew_pass(link: str) -> ResponseReturnValue:
        return _renew(house, link)

    @pages.get("/p/<link>/transfer/<code>")
    def pass_transfer(link: str, code: str) -> ResponseReturnValue:
        return show(house, _seen(house, link), of_pass(link), code)

    @pages.get("/p/<link>/transfer/<code>/picture.png")
    def pass_transfer_picture(link: str, code: str) -> ResponseReturnValue:
        return show_picture(_seen(house, link), of_pass(link), code)


def _found(house: House, link: str) -> Pass:
    with house.databases.read() as tx:
        return find_pass(house, tx, link)


def _seen(house: House, link: str) -> PassView:
    with house.databases.read() as tx:
        return pass_view(house, tx, find_pass(house, tx, link), house.clock())


def show_pass(house: House, link: str, problem: str = "", status: int = 200) -> ResponseReturnValue:
    """The page; `problem` says what was wrong with a form on it."""
    seen = _seen(house, link)
    held, badge = seen.held, current_badge()
    if badge is not None and any(lot.id in badge.lots for lot in seen.stand.lots):
        return redirect(url_for("attendant.pass_page", pass_id=held.id), 303)
    receipts = receipts_for(house, held.reference, seen.now)
    with house.databases.read() as tx:
        operator = tx.get_one(Operator, held.operator_id)
        ways = ways_of(house, tx, [payment.id for payment in seen.payments])
    following = seen.stand.following
    page = render_template(
        "driver/pass.html",
        seen=seen, held=held, stand=seen.stand, lot=seen.lot, places=of_pass(link),
        operator=operator, ways=ways, token=None, problem=problem,
        banks=bank_choices() if ways else (), given=request.form,
        vehicle=vehicle_name(held.vehicle_class), hours=HOURS[held.hours],
        holder=HOLDERS[held.holder] if held.holder != "regular" else "",
        receipts=[(r.token, number_text(operator, r)) for r in receipts],
        following=following and local_pass_link(house, following),
        news={name for name in NEWS if name in request.args},
        link=link,
    )  # fmt: skip
    return page, status


def _code(house: House, link: str, kind: str) -> Response:
    """The QR code of the pass, to be shown to the attendant or kept."""
    held = _found(house, link)
    address = public_pass_link(house, held)
    if kind == "png":
        return Response(image.png(address), content_type="image/png")
    label = say("QR code of the monthly pass of %(plate)s", plate=bearer_name(held))
    return Response(image.svg(address, label=label), content_type="image/svg+xml")


def _pay(house: House, link: str) -> ResponseReturnValue:
    held, places = _found(house, link), of_pass(link)
    slow_down(house, "pay")
    with house.databases.read() as tx:
        lot = seller_of(tx, held)
        try:
            amount = owed(tx, held, house.clock())
        except Conflict:
            return back(places)  # nothing is due any more: the page says so

    def begin(way: Way, journey: Journey) -> Payment:
        db, now = house.databases.write, house.clock()
        return pay(db, house.gateways, held.id, way.account, journey, now, method=way.method)

    bill = Bill(places, lot, amount, held.currency, begin)
    return press(house, bill, public_pass_link(house, held))


def _state(house: House, link: str) -> ResponseReturnValue:
    held = _found(house, link)

    def read() -> Sequence[Payment]:
        with house.databases.read() as tx:
            return attempts(tx, held.reference)

    return tell_state(house, read, tail_of(held))


def _renew(house: House, link: str) -> ResponseReturnValue:
    """One more month, to be paid on the page of the new pass."""
    held = _found(house, link)
    slow_down(house, "renew")
    try:
        with house.databases.write.begin() as tx:
            following = renew(tx, house.tariffs, held.id, 1, DRIVER, house.clock())
    except (Conflict, WrongUsage) as error:
        return show_pass(house, link, explain(error, reader_language()), error.http_status)
    return redirect(url_for("driver.pass_page", link=local_pass_link(house, following)), 303)
