"""Signing in, signing out, and choosing one's own password."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, session
from werkzeug.wrappers import Response

from parking.errors import TooMany
from parking.house import House
from parking.languages import explain
from parking.people import service, sign_ins
from parking.people.badge import Badge
from parking.people.guard import COOKIE, current_badge, the_badge
from parking.people.roles import HOME
from parking.web import cookies
from parking.web.language import reader_language, say
from parking.web.leaving import local_path
from payments.errors import WrongUsage


def blueprint(house: House) -> Blueprint:
    """The pages under ``/sign-in``, ``/sign-out`` and ``/password``."""
    pages = Blueprint("people", __name__)

    @pages.route("/sign-in", methods=["GET", "POST"])
    def sign_in() -> Response:
        if request.method == "POST":
            return _sign_in(house)
        badge = current_badge()
        return redirect(HOME[badge.role], 303) if badge else _form("")

    @pages.post("/sign-out")
    def sign_out() -> Response:
        return _sign_out(house)

    @pages.route("/password", methods=["GET", "POST"])
    def password() -> Response:
        if request.method == "POST":
            return _choose(house)
        return make_response(render_template("password.html", problem=""))

    return pages


def _form(problem: str, status: int = 200, done: str = "") -> Response:
    page = render_template(
        "sign_in.html",
        problem=problem,
        done=done,
        username=request.form.get("username", ""),
        wanted=request.values.get("next", ""),
    )
    return make_response(page, status)


def _sign_in(house: House) -> Response:
    username, password = request.form.get("username", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    try:
        token, badge = sign_ins.sign_in(
            house.databases.write, username, password, address, house.clock()
        )
    except sign_ins.WrongPassword as error:
        return _form(explain(error, reader_language()), error.http_status)
    except TooMany as error:
        response = _form(explain(error, reader_language()), error.http_status)
        response.headers["Retry-After"] = str(error.retry_after)
        return response
    return _enter(house, token, badge)


def _enter(house: House, token: str, badge: Badge) -> Response:
    """A fresh cookie and a fresh form token: nothing from before the sign-in is worth anything."""
    _end_here(house)
    response = redirect(local_path(request.form.get("next"), HOME[badge.role]), 303)
    cookies.keep(response, COOKIE, token)
    return response


def _end_here(house: House) -> None:
    session.clear()
    former = cookies.read(COOKIE)
    if former:
        with house.databases.write.begin() as tx:
            sign_ins.sign_out(tx, former, house.clock())


def _sign_out(house: House) -> Response:
    _end_here(house)
    response = redirect("/sign-in", 303)
    cookies.drop(response, COOKIE)
    return response


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
    return _form("", done=say("Your password was changed. Please sign in again."))
