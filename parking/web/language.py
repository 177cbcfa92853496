"""Which language this reader wants: ``?lang=``, which a cookie then remembers; else Vietnamese."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, request
from markupsafe import Markup, escape

from parking.languages import DEFAULT, LANGUAGES, translate
from parking.web import cookies

COOKIE = "language"
REMEMBERED = timedelta(days=365)


def reader_language() -> str:
    """The language of this request's reader."""
    for wish in (request.args.get("lang"), cookies.read(COOKIE)):
        if wish in LANGUAGES:
            return wish
    return DEFAULT


def say(sentence: str, /, **parts: object) -> str:
    """`sentence` in the reader's language, its ``%(name)s`` parts filled in; plain text."""
    return translate(sentence, reader_language(), **parts)


def say_in_page(sentence: str, /, **parts: object) -> Markup:
    """As `say`, for templates: parts that are markup stay markup, everything else is escaped."""
    text = Markup(escape(say(sentence)))
    return text % parts if parts else text


def other_languages() -> list[tuple[str, str]]:
    """(language, address of this page in it) for every language but the reader's."""
    here = reader_language()
    return [(language, _in_language(language)) for language in LANGUAGES if language != here]


def _in_language(language: str) -> str:
    """The answer to a form may have no page of its own: then the language changes on the first page."""
    page = current_app.url_map.bind("").test(request.path, method="GET")
    query = request.args.to_dict() if page else {}
    return f"{quote(request.path) if page else '/'}?{urlencode(query | {'lang': language})}"


def _remember(response: Response) -> Response:
    wish = request.args.get("lang")
    if wish in LANGUAGES:
        cookies.keep(response, COOKIE, wish, REMEMBERED)
    return response


def install(app: Flask) -> None:
    """Give templates ``_``, ``language()`` and ``other_languages()``, and remember the choice."""
    app.jinja_env.globals.update(
        _=say_in_page, language=reader_language, other_languages=other_languages
    )
    app.after_request(_remember)
