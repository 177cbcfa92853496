"""JSON bodies of merchants, read strictly: one object, no key twice, every field of its own kind."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from payments.errors import WrongUsage
from payments.money import LARGEST
from payments.sandbox.signing import read_instant

Choice = TypeVar("Choice", bound=StrEnum)

NAME = re.compile(r"[A-Za-z0-9._:-]{1,64}")
WEB_HOST = re.compile(r"[A-Za-z0-9.\-:\[\]]+")


def _no_key_twice(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def read_object(raw: bytes) -> dict[str, object]:
    """The JSON object in `raw`. Raises `WrongUsage`."""
    try:
        found = json.loads(raw, object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise WrongUsage("The body must be one JSON object, each key once.")
    return found


def read_name(fields: Mapping[str, object], key: str) -> str:
    """An order code or a refund key: 1 to 64 letters, digits, dots, dashes, colons, underscores."""
    value = fields.get(key)
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise WrongUsage(
            "%(key)s must be 1 to 64 letters, digits or . _ : -, not %(value)r.",
            key=key,
            value=value,
        )
    return value


def read_text(fields: Mapping[str, object], key: str, longest: int) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise WrongUsage(
            "%(key)s must be text of at most %(longest)s characters.", key=key, longest=longest
        )
    return value


def read_amount(fields: Mapping[str, object], key: str) -> int:
    """A positive whole number of dong."""
    value = fields.get(key)
    if type(value) is not int or not 1 <= value <= LARGEST:
        raise WrongUsage(
            "%(key)s must be a whole number from 1 to %(largest)s, not %(value)r.",
            key=key, largest=LARGEST, value=value,
        )  # fmt: skip
    return value


def read_choice(fields: Mapping[str, object], key: str, choices: type[Choice]) -> Choice:
    for choice in choices:
        if fields.get(key) == choice:
            return choice
    raise WrongUsage(
        "%(key)s must be one of %(known)s, not %(value)r.",
        key=key, known=", ".join(choices), value=fields.get(key),
    )  # fmt: skip


def read_time(fields: Mapping[str, object], key: str) -> datetime:
    return read_instant(read_text(fields, key, 40))


def read_day(text: str) -> date:
    """A business day. Raises `WrongUsage` unless written YYYY-MM-DD."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise WrongUsage("%(text)s is not a day written YYYY-MM-DD.", text=text)
    return day


def read_web_address(fields: Mapping[str, object], key: str) -> str:
    """An http or https URL whose host may stand in a Content-Security-Policy header."""
    value = read_text(fields, key, 2000)
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not WEB_HOST.fullmatch(parts.netloc):
        raise WrongUsage(
            "%(key)s must be an http or https URL, not %(value)s.", key=key, value=value
        )
    return value
