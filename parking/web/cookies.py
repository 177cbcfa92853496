"""Cookies of ours: out of reach of scripts, other sites and other hosts (RFC 6265bis, ``__Host-``)."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask, Request, current_app, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from werkzeug.wrappers import Response


class PeoplesSessions(SecureCookieSessionInterface):
    """Sessions are for people: a provider at its door brings no cookie, and does not wait for us to
    look for one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """As in Flask, and empty for a notice."""
        if request.path.startswith("/payments/"):
            return self.session_class()
        return super().open_session(app, request)


def install(app: Flask, https: bool) -> None:
    """Name and harden the cookies of `app`; over plain http browsers would refuse the prefix."""
    prefix = "__Host-" if https else ""
    app.session_interface = PeoplesSessions()
    app.config.update(
        COOKIE_PREFIX=prefix,
        SESSION_COOKIE_NAME=f"{prefix}session",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )


def _name(name: str) -> str:
    return f"{current_app.config['COOKIE_PREFIX']}{name}"


def read(name: str) -> str | None:
    """The cookie `name` of this request."""
    return request.cookies.get(_name(name))


def keep(response: Response, name: str, value: str, lasting: timedelta | None = None) -> None:
    """Put a cookie into `response`, until the browser closes or for `lasting`."""
    response.set_cookie(
        _name(name),
        value,
        max_age=lasting,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def drop(response: Response, name: str) -> None:
    """Take the cookie `name` away."""
    response.delete_cookie(
        _name(name),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
