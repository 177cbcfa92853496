"""The bracketed form Stripe's clients send: `line_items[0][price_data][currency]=vnd`."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from tests.doubles.stripe_objects import Json

PART = re.compile(r"\[([^\]]*)\]")


def path_of(name: str) -> list[str]:
    head, bracket, rest = name.partition("[")
    return [head, *PART.findall(bracket + rest)]


def parsed(form: str) -> Json:
    """Nested dicts and lists of strings; numeric and empty brackets make lists."""
    root: Json = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        spot = root
        *way, last = path_of(name)
        for part in way:
            spot = spot.setdefault(part or str(len(spot)), {})
        spot[last or str(len(spot))] = value
    return {key: listed(value) for key, value in root.items()}


def listed(value: Any) -> Any:
    """Dicts keyed 0, 1, 2 … are lists."""
    if not isinstance(value, dict):
        return value
    items = {key: listed(inner) for key, inner in value.items()}
    if items and list(items) == [str(n) for n in range(len(items))]:
        return list(items.values())
    return items
