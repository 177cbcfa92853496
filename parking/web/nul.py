"""No NUL character reaches a page: nobody types one, and PostgreSQL refuses to store or compare it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from flask import Flask, abort, request

NUL = "\0"


def _texts() -> Iterator[str]:
    yield request.path
    fields = [request.args]
    if (
        request.blueprint != "payments"
    ):  # a notice is judged by its raw bytes, which we leave unread
        fields.append(request.form)
    for each in fields:
        yield from chain(each, *each.listvalues())


def _refuse() -> None:
    if any(NUL in text for text in _texts()):
        abort(400)


def install(app: Flask) -> None:
    """Answer 400 to every request whose address or form carries a NUL."""
    app.before_request(_refuse)
