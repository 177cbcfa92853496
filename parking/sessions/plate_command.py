"""`parking plate`: how a licence plate is read."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from parking.languages import DEFAULT, LANGUAGES, mark, translate
from parking.sessions.plate_formats import PlateKind
from parking.sessions.plates import Plate, read_plate

KIND_NAMES: dict[PlateKind, str] = {
    "car": mark("car"),
    "motorbike": mark("motorbike"),
    "electric_motorbike": mark("electric motorbike"),
    "special": mark("special series"),
    "diplomatic": mark("diplomatic or foreign"),
    "army": mark("army"),
    "temporary": mark("temporary"),
    "unknown": mark("unknown layout"),
}


@click.command("plate")
@click.argument("text")
@click.option(
    "--vehicle", type=click.Choice(["car", "motorbike", "bicycle"]), help="Vehicle class chosen."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--language", type=click.Choice(LANGUAGES), default=DEFAULT, show_default=True)
def plate(text: str, vehicle: str | None, as_json: bool, language: str) -> None:
    """Show how the licence plate TEXT is read."""
    found = read_plate(text, vehicle)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    for line in describe(found, language):
        click.echo(line)


def describe(found: Plate, language: str) -> list[str]:
    """The plate in sentences, one to a line."""

    def say(sentence: str, **parts: object) -> str:
        return translate(sentence, language, **parts)

    lines = [
        say("Plate %(display)s", display=found.display),
        say("Key: %(key)s", key=found.key),
        say("Kind: %(kind)s", kind=say(KIND_NAMES[found.kind])),
    ]
    if found.province:
        lines.append(say("Registered in: %(province)s", province=found.province))
    lines += [
        say(
            "It can also be read as %(display)s (%(kind)s): please ask which vehicle it is.",
            display=other.display,
            kind=say(KIND_NAMES[other.kind]),
        )
        for other in found.readings[1:]
    ]
    if found.needs_review:
        lines.append(say("Please check this plate."))
    return lines
