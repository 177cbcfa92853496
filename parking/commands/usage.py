"""What was typed wrongly, in both languages: click's own words are English and name no remedy."""

from __future__ import annotations

import re
from typing import Any

import click

from parking.commands.inputs import option
from parking.commands.speech import both
from parking.languages import mark

_VALUE = re.compile(r"'?(?P<value>.*?)'? is not ", re.DOTALL)
_COMMAND = re.compile(r"No such command '(?P<name>.*)'\.", re.DOTALL)
_SURPLUS = re.compile(r"Got unexpected extra arguments? \((?P<name>.*)\)", re.DOTALL)


def describe(error: click.ClickException) -> str:
    """One line that names the input and says what would be right."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context is not None else "parking"
    sentence, parts = _explained(error)
    return both(sentence, **parts, help=f"{command} --help")


def _explained(error: click.ClickException) -> tuple[str, dict[str, Any]]:
    match error:
        case click.MissingParameter():
            return mark("%(name)s is missing; see %(help)s."), {"name": _name(error.param)}
        case click.NoSuchOption():
            return mark("There is no option %(name)s; see %(help)s."), {"name": error.option_name}
        case click.BadOptionUsage():
            return mark("%(name)s needs a value; see %(help)s."), {"name": error.option_name}
        case click.BadParameter() if error.param is not None:
            return _bad_value(error, error.param)
    if found := _COMMAND.fullmatch(error.message):
        return mark("There is no command %(name)s; see %(help)s."), found.groupdict()
    if found := _SURPLUS.fullmatch(error.message):
        return mark("%(name)s is too much; see %(help)s."), found.groupdict()
    return _told(error)


def _bad_value(error: click.BadParameter, param: click.Parameter) -> tuple[str, dict[str, Any]]:
    found, kind = _VALUE.match(error.message), param.type
    parts: dict[str, Any] = {"name": _name(param), "value": found["value"] if found else ""}
    if isinstance(kind, click.Choice):
        parts["known"] = ", ".join(map(str, kind.choices))
        return mark("%(name)s %(value)s is not known; known are %(known)s."), parts
    if isinstance(kind, click.IntRange | click.FloatRange):
        parts |= {"min": kind.min, "max": kind.max}
        return mark("%(name)s %(value)s is not a number from %(min)s to %(max)s."), parts
    if isinstance(kind, click.types.IntParamType):
        return mark("%(name)s %(value)s is not a whole number."), parts
    return _told(error)


def _told(error: click.ClickException) -> tuple[str, dict[str, Any]]:
    reason = error.format_message().rstrip(".")
    return mark("Wrong usage: %(reason)s; see %(help)s."), {"reason": reason}


def _name(param: click.Parameter | None) -> str:
    if isinstance(param, click.Argument):
        return param.human_readable_name
    return option(param)
