"""How a browser comes in and goes out: which cookie it is given, and what is taken from it before."""

from __future__ import annotations

from flask import redirect, session
from werkzeug.wrappers import Response

from parking.house import House
from parking.people import sign_ins
from parking.people.guard import COOKIE
from parking.people.phones import COOKIE_LASTS
from parking.web import cookies

#: The cookie of an enrolled phone, which outlives every sign-in on it.
PHONE_COOKIE = "phone"


def phone_cookie() -> str | None:
    """What this browser says it is; only `parking.people.phones` knows whether that is true."""
    return cookies.read(PHONE_COOKIE)


def enter(house: House, token: str, page: str) -> Response:
    """Go to `page` with a fresh cookie and a fresh form token: nothing from before the sign-in is
    worth anything. An enrolled phone that is used stays one."""
    end_here(house)
    response = redirect(page, 303)
    cookies.keep(response, COOKIE, token)
    if phone := phone_cookie():
        remember_phone(response, phone)
    return response


def remember_phone(response: Response, cookie: str) -> None:
    """Let the browser keep `cookie` for as long as browsers keep anything."""
    cookies.keep(response, PHONE_COOKIE, cookie, COOKIE_LASTS)


def end_here(house: House) -> None:
    """End this browser's sign-in on the server, and its form token."""
    session.clear()
    former = cookies.read(COOKIE)
    if former:
        with house.databases.write.begin() as tx:
            sign_ins.sign_out(tx, former, house.clock())


def leave(house: House) -> Response:
    """Sign out and go back to the sign-in page."""
    end_here(house)
    response = redirect("/sign-in", 303)
    cookies.drop(response, COOKIE)
    return response
