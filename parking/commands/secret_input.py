"""A secret as it is typed or read: by its parts, hidden, and never repeated in a complaint."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import IO

import click

from parking.commands.speech import both
from parking.languages import mark
from payments.errors import WrongUsage
from payments.merchants import required_parts
from payments.provider import Provider


def read_secret(
    rail: type[Provider], settings: Mapping[str, object], file: IO[str] | None
) -> Mapping[str, str]:
    """The parts of one secret of `rail`, from `file` or asked for one by one without an echo: those
    that an account with these `settings` needs.

    Raises `WrongUsage` for a file that cannot be read, and when there is nobody to ask.
    """
    if file is not None:
        return parts_of(rail, _content(file))
    if rail.secret_fields and not sys.stdin.isatty():
        raise WrongUsage(
            mark(
                "There is no terminal to ask for the secret: give --secret-file FILE, or - for stdin."
            )
        )
    return {
        name: click.prompt(
            both("Secret %(name)s (not shown)", name=name), hide_input=True, err=True
        )
        for name in required_parts(rail, settings)
    }


def _content(file: IO[str]) -> str:
    try:
        return file.read().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(
            mark("The secret file %(name)s cannot be read as text."), name=file.name
        ) from error


def parts_of(rail: type[Provider], content: str) -> Mapping[str, str]:
    """One JSON object, lines of name=value, or the bare secret where it has one part."""
    if content.startswith("{"):
        return _object(content)
    lines = [line for line in map(str.strip, content.splitlines()) if line]
    pairs = [line.partition("=") for line in lines]
    if all(sign and name.strip() in rail.secret_fields for name, sign, _ in pairs):
        return {name.strip(): value.strip() for name, _, value in pairs}
    if len(rail.secret_fields) == 1 and len(lines) == 1:
        return {rail.secret_fields[0]: content}
    raise _unreadable(rail)


def _object(content: str) -> Mapping[str, str]:
    try:
        found = json.loads(content)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(part, str) for part in found.values()):
        raise WrongUsage(mark("The secret file is not one JSON object of texts."))
    return found


def _unreadable(rail: type[Provider]) -> WrongUsage:
    return WrongUsage(
        mark("The secret file must hold %(lines)s, or one JSON object with these names."),
        lines=", ".join(f"{name}=…" for name in rail.secret_fields),
    )
