"""Forms that only our own pages can send."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

#: Endpoints that answer a POST without our token. Providers sign what they send instead.
EXEMPT = ("payments.notify",)


def csrf_field() -> Markup:
    """The hidden field that every form of ours carries."""
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())


def install(app: Flask) -> None:
    """Refuse every changing request without our token, `EXEMPT` aside; call after all routes."""
    # the token lives as long as the browser's session: a driver may look at a page for hours
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    protect = CSRFProtect(app)
    for endpoint in EXEMPT:
        protect.exempt(app.view_functions[endpoint])
    app.jinja_env.globals["csrf_field"] = csrf_field
