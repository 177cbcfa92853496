"""The sandbox as a web application: database, routes, headers, error answers."""

from __future__ import annotations

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException

from payments.db import connect
from payments.errors import Complaint, Unavailable
from payments.sandbox.api import api
from payments.sandbox.books import Books
from payments.sandbox.config import SandboxConfig
from payments.sandbox.models import Base
from payments.sandbox.page import page

LARGEST_BODY = 64 * 1024

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'none'",
}


def create_sandbox(config: SandboxConfig) -> Flask:
    """The sandbox, with its tables made. Its `Books` are ``app.extensions["sandbox"]``.

    Raises `WrongUsage` in production, or when a setting is missing or weak.
    """
    config.check()
    db = connect(config.database_url)
    Base.metadata.create_all(db.engine)
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.extensions["sandbox"] = Books(config, db)
    app.register_blueprint(api)
    app.register_blueprint(page)
    app.add_url_rule("/healthz", view_func=healthz)
    app.after_request(_add_headers)
    app.register_error_handler(Complaint, _complain)
    app.register_error_handler(OperationalError, _away)
    app.register_error_handler(IntegrityError, _away)
    app.register_error_handler(HTTPException, _refuse)
    return app


def healthz() -> dict[str, str]:
    return {"status": "ok"}


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _answer(status: int, reason: str) -> tuple[Response | str, int]:
    if request.path.startswith("/pay/"):
        return render_template("problem.html", status=status, reason=reason), status
    return jsonify({"error": reason}), status


def _complain(error: Complaint) -> tuple[Response | str, int]:
    return _answer(error.http_status, str(error))


def _away(_error: Exception) -> tuple[Response | str, int]:
    """The database is locked or gone, or two requests wrote the same at once: ask again."""
    return _answer(Unavailable.http_status, "The sandbox is busy. Please ask again.")


def _refuse(error: HTTPException) -> tuple[Response | str, int]:
    return _answer(error.code or 500, error.description or error.name)
