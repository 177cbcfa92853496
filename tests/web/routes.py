"""Every route of the application with an address that leads to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule, UUIDConverter


@dataclass(frozen=True)
class Route:
    """One way in: endpoint, address and method."""

    endpoint: str
    path: str
    method: str


def routes(app: Flask) -> Iterator[Route]:
    """Every rule with every method people and programs use."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
            yield Route(rule.endpoint, _address(app, rule), method)


def _address(app: Flask, rule: Rule) -> str:
    values = {name: _value(rule, name) for name in rule.arguments}
    return app.url_map.bind("").build(rule.endpoint, values, method=None)


def _value(rule: Rule, name: str) -> str | int | UUID:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return sorted(converter.items)[0]
    if isinstance(converter, UUIDConverter):
        return UUID(int=0)
    return 1 if isinstance(converter, IntegerConverter) else "x"
