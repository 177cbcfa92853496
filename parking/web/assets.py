"""Static files, kept by browsers for ever: a changed file has a changed address."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from functools import cache
from pathlib import Path

from flask import Flask, Response, request, url_for

FOLDER = Path(__file__).resolve().parent.parent / "static"
A_YEAR = timedelta(days=365)


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]


def asset(name: str) -> str:
    """The address of the static file `name`."""
    return url_for("static", filename=name, v=_digest(name))


def _keep(response: Response) -> Response:
    if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
        response.cache_control.public = True
        response.cache_control.max_age = int(A_YEAR.total_seconds())
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    return response


def install(app: Flask) -> None:
    """Give templates ``asset(name)`` and let browsers keep what it names."""
    app.jinja_env.globals["asset"] = asset
    app.after_request(_keep)
