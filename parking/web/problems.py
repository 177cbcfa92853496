"""Every error as a page in the reader's language, or as JSON for a program.

What a person can mend is a `Complaint` and is explained. Everything else is our fault: the reader
gets a number to tell us, the log gets the rest, and no answer carries SQL or a trace.
"""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, jsonify, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from parking.errors import TooMany
from parking.languages import explain, mark
from parking.web.language import reader_language, say
from payments.errors import Complaint, Unavailable

log = logging.getLogger(__name__)

RETRY_SECONDS = 5

TITLES = {
    403: mark("No access"),
    404: mark("Not found"),
    409: mark("That is not possible now"),
    429: mark("Too many attempts"),
    500: mark("Something went wrong"),
    503: mark("One moment, please"),
}
SENTENCES = {
    404: mark("There is no such page. Please check the address or scan the sign again."),
    405: mark("This page cannot be used like that. Please go back and try again."),
    413: mark("What you sent is too large."),
}


def _wants_json() -> bool:
    """Payment companies are programs, whatever they say they accept."""
    if request.blueprint == "payments":
        return True
    accepted = request.accept_mimetypes
    return accepted.best_match(("text/html", "application/json")) == "application/json"


def answer(status: int, sentence: str, reference: str = "") -> Response:
    """An error as the reader wants it; `sentence` is translated already."""
    if _wants_json():
        told = {"error": sentence, "reference": reference} if reference else {"error": sentence}
        response = jsonify(told)
    else:
        title = TITLES.get(status, mark("That did not work"))
        page = render_template(
            "error.html", title=say(title), sentence=sentence, reference=reference
        )
        response = make_response(page)
    response.status_code = status
    return response


def _complain(error: Complaint) -> Response:
    response = answer(error.http_status, explain(error, reader_language()))
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _away(error: Exception) -> Response:
    """The database is locked or gone: the same request may succeed in a moment."""
    log.error("database unavailable: %s", getattr(error, "orig", None) or error)
    return _complain(
        Unavailable("The service is busy. Nothing was lost: please try again shortly.")
    )


def _database_error(error: DBAPIError) -> Response:
    """A connection that broke in the middle is the database being away, not our mistake."""
    return _away(error) if error.connection_invalidated else _unexpected(error)


def _stale_form(_error: CSRFError) -> Response:
    if not request.cookies:
        return answer(
            400,
            say("Your browser sent no cookie. Please allow cookies here, reload and try again."),
        )
    return answer(400, say("This page was open too long. Please go back, reload it and try again."))


def _refuse(error: HTTPException) -> Response:
    """Answers that are not errors (a redirect to the right spelling) pass as they are."""
    code = error.code or 500
    if error.response is not None or code < 400:
        return make_response(error.get_response())
    sentence = SENTENCES.get(code, mark("That request could not be understood."))
    response = answer(code, say(sentence))
    for name, value in error.get_headers():
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(5).upper()
    log.error("error %s at %s", reference, request.endpoint, exc_info=error)
    sentence = say(
        "This is our mistake, not yours. If it happens again, please tell us this number."
    )
    return answer(500, sentence, reference)


def install(app: Flask) -> None:
    """Answer every error that leaves a page of `app`."""
    app.register_error_handler(Complaint, _complain)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(DBAPIError, _database_error)
    for away in (OperationalError, InterfaceError, PoolTimeout):
        app.register_error_handler(away, _away)
    app.register_error_handler(Exception, _unexpected)
