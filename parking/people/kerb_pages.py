"""Signing in at a kerb: enrol this phone, say who you are, type a PIN, choose one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, make_response, render_template, request, session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from parking.errors import NotAllowed, TooMany
from parking.house import House
from parking.languages import explain
from parking.lots.models import Operator
from parking.people import phones, pins, throttle
from parking.people.badge import Badge
from parking.people.entrance import end_here, enter, phone_cookie, remember_phone
from parking.people.guard import the_badge
from parking.people.models import Person, Phone
from parking.people.roles import HOME
from parking.web.language import reader_language
from parking.web.leaving import local_path
from payments.errors import Complaint, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put the pages of an enrolled phone into `pages`."""

    @pages.route("/phone/<token>", methods=["GET", "POST"])
    def enrol_phone(token: str) -> ResponseReturnValue:
        return _take(house, token) if request.method == "POST" else _show_link(house, token)

    @pages.route("/sign-in/pin", methods=["GET", "POST"])
    def pin() -> ResponseReturnValue:
        return _sign_in(house) if request.method == "POST" else _pad(house)

    @pages.route("/pin", methods=["GET", "POST"])
    def choose_pin() -> ResponseReturnValue:
        return _choose(house) if request.method == "POST" else _pin_form(house)


def who_are_you(house: House) -> Response | None:
    """The first page of an enrolled phone: its people, to tap on. None for every other browser, for a
    phone that was locked, and for whoever asks for the password."""
    if "password" in request.args:
        return None
    with house.databases.read() as tx:
        phone = phones.phone_of(tx, phone_cookie())
        if phone is None:
            return None
        return make_response(
            render_template(
                "kerb/who.html",
                phone=phone,
                locked=throttle.locked(tx, phone.id),
                people=pins.attendants(tx, phone),
                wanted=request.args.get("next", ""),
            )
        )


def phone_here(house: House) -> str:
    """What this browser is: an ``enrolled`` phone, one that was ``revoked``, or none (empty)."""
    if phone_cookie() is None:
        return ""
    with house.databases.read() as tx:
        return "revoked" if phones.phone_of(tx, phone_cookie()) is None else "enrolled"


def lacks_pin(house: House, badge: Badge) -> bool:
    """Whether this attendant stands at a phone of their operator and has no PIN for it yet."""
    if badge.role != pins.ATTENDANT:
        return False
    with house.databases.read() as tx:
        phone = phones.phone_of(tx, phone_cookie())
        here = phone is not None and phone.operator_id == badge.operator_id
        return here and tx.get_one(Person, badge.person_id).pin_hash is None


def _show_link(house: House, token: str) -> Response:
    with house.databases.read() as tx:
        known = phones.phone_of(tx, phone_cookie())
        if known is not None:
            return _phone_page(tx, known, done=True)
        return _phone_page(tx, phones.at_link(tx, token, house.clock()), done=False)


def _phone_page(tx: Session, phone: Phone, done: bool) -> Response:
    operator = tx.get_one(Operator, phone.operator_id)
    return make_response(
        render_template("kerb/phone.html", phone=phone, operator=operator, done=done)
    )


def _take(house: House, token: str) -> Response:
    """Enrol this browser, once; a phone that is enrolled already leaves the link to another one."""
    with house.databases.write.begin() as tx:
        known = phones.phone_of(tx, phone_cookie())
        if known is not None:
            return _phone_page(tx, known, done=True)
        phone, cookie = phones.take(tx, token, house.clock())
        response = _phone_page(tx, phone, done=True)
    end_here(house)
    remember_phone(response, cookie)
    return response


def _pad(house: House, problem: str = "", status: int = 200) -> Response:
    who = request.values.get("who", "")
    with house.databases.read() as tx:
        phone = phones.phone_of(tx, phone_cookie())
        people = pins.attendants(tx, phone) if phone else []
    page = render_template(
        "kerb/pin.html",
        phone=phone,
        who=who,
        name=next((person.name for person in people if person.username == who), who),
        digits=pins.DIGITS,
        wanted=request.values.get("next", ""),
        problem=problem,
    )
    return make_response(page, status if phone else pins.NotEnrolled.http_status)


def _sign_in(house: House) -> Response:
    form = request.form
    try:
        token, badge = pins.sign_in(
            house.databases.write,
            phone_cookie(),
            form.get("who", ""),
            form.get("pin", ""),
            house.clock(),
        )
    except (NotAllowed, TooMany) as error:
        response = _pad(house, explain(error, reader_language()), error.http_status)
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    return enter(house, token, local_path(form.get("next"), HOME[badge.role]))


def _pin_form(house: House, error: Complaint | None = None) -> Response:
    with house.databases.read() as tx:
        phone = phones.phone_of(tx, phone_cookie())
    page = render_template(
        "kerb/choose_pin.html",
        phone=phone,
        digits=pins.DIGITS,
        problem=explain(error, reader_language()) if error else "",
    )
    return make_response(page, error.http_status if error else 200)


def _choose(house: House) -> Response:
    try:
        token, badge = pins.choose(
            house.databases.write, the_badge(), phone_cookie(), _choice(request.form), house.clock()
        )
    except (WrongUsage, pins.NotEnrolled) as error:
        return _pin_form(house, error)
    session.clear()
    return enter(house, token, HOME[badge.role])


def _choice(form: Mapping[str, str]) -> pins.Choice:
    return pins.Choice(
        password=form.get("password", ""),
        pin=form.get("pin", ""),
        again=form.get("again", ""),
        address=request.remote_addr or "",
    )
