"""Signing in, signing out, and choosing one's own password. What an enrolled phone adds to that stands
in `parking.people.kerb_pages`."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from parking.errors import TooMany
from parking.house import House
from parking.languages import explain
from parking.people import kerb_pages, service, sign_ins
from parking.people.badge import Badge
from parking.people.entrance import enter, leave, phone_cookie
from parking.people.guard import current_badge, the_badge
from parking.people.roles import HOME
from parking.web.language import reader_language, say
from parking.web.leaving import local_path
from payments.errors import WrongUsage


def blueprint(house: House) -> Blueprint:
    """The pages under ``/sign-in``, ``/sign-out``, ``/password``, ``/phone`` and ``/pin``."""
    pages = Blueprint("people", __name__)
    kerb_pages.add(pages, house)

    @pages.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response:
        if request.method == "POST":
            return _sign_in(house)
        badge = current_badge()
        if badge is not None:
            return redirect(HOME[badge.role], 303)
        return kerb_pages.who_are_you(house) or _form(house, "")

    @pages.post("/sign-out")
    def sign_out() -> Response:
        return leave(house)

    @pages.route("/password", methods=["GET", "POST"])
    def password() -> Response:
        if request.method == "POST":
            return _choose(house)
        return make_response(render_template("password.html", problem=""))

    return pages


def _form(house: House, problem: str, status: int = 200, done: str = "") -> Response:
    page = render_template(
        "sign_in.html",
        problem=problem,
        done=done,
        username=request.form.get("username", ""),
        wanted=request.values.get("next", ""),
        phone=kerb_pages.phone_here(house),
    )
    return make_response(page, status)


def _sign_in(house: House) -> Response:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    try:
        token, badge = sign_ins.sign_in(
            house.databases.write, username, password, address, house.clock(), phone_cookie()
        )
    except sign_ins.WrongPassword as error:
        return _form(house, explain(error, reader_language()), error.http_status)
    except TooMany as error:
        response = _form(house, explain(error, reader_language()), error.http_status)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return enter(house, token, _first_page(house, badge))


def _first_page(house: House, badge: Badge) -> str:
    """The page that was wanted; before it, an attendant on an enrolled phone chooses a PIN."""
    if kerb_pages.lacks_pin(house, badge):
        return url_for("people.choose_pin")
    return local_path(request.form.get("next"), HOME[badge.role])


def _choose(house: House) -> Response:
    form, address = request.form, request.remote_addr or ""
    old, new = form.get("old", ""), form.get("new", "")
    try:
        if new != form.get("again", ""):
            raise WrongUsage("The two new passwords differ. Please type the same one twice.")
        service.choose_password(
            house.databases.write, the_badge(), old, new, address, house.clock()
        )
    except WrongUsage as error:
        problem = explain(error, reader_language())
        return make_response(render_template("password.html", problem=problem), 400)
    session.clear()
    return _form(house, "", done=say("Your password was changed. Please sign in again."))
