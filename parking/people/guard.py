"""The one place that decides whether a request may reach its page (`parking.people.roles`)."""

from __future__ import annotations

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from parking.errors import NotAllowed
from parking.house import House
from parking.people import sign_ins
from parking.people.badge import Badge
from parking.people.roles import check_matrix, roles_for
from parking.web import cookies

COOKIE = "sign-in"


def current_badge() -> Badge | None:
    """Who is signed in, or None. Looked up once per request, and only when a page asks."""
    if "badge" not in g:
        token = cookies.read(COOKIE)
        g.badge = _look_up(current_app.extensions["house"], token) if token else None
    badge: Badge | None = g.badge
    return badge


def the_badge() -> Badge:
    """Who is signed in, on a page that `parking.people.roles` keeps for people who are.

    Raises `NotAllowed` when nobody is.
    """
    badge = current_badge()
    if badge is None:
        raise NotAllowed("Please sign in first.")
    return badge


def _look_up(house: House, token: str) -> Badge | None:
    now = house.clock()
    with house.databases.read() as tx:
        found = sign_ins.find(tx, token, now)
    if found is None:
        return None
    badge, due = found
    if due:
        with house.databases.write.begin() as tx:
            sign_ins.seen(tx, token, now)
    return badge


def _admit() -> Response | None:
    """Let the request through, send it to the sign-in page, or refuse it."""
    if request.endpoint is None:
        return None
    roles = roles_for(request.endpoint)
    if "" in roles:
        return None
    badge = current_badge()
    if badge is None:
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for("people.sign_in", next=wanted), 303)
    if badge.role not in roles:
        raise NotAllowed("Your role may not open this page.")
    return None


def install(app: Flask) -> None:
    """Guard every route of `app`; call after all routes. Raises when a route has no row in the matrix."""
    check_matrix(rule.endpoint for rule in app.url_map.iter_rules())
    app.before_request(_admit)
    app.jinja_env.globals["badge"] = current_badge
