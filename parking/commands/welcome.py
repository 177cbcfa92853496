"""What a fresh start shows: where to click, what to print, who may sign in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from parking.commands.output import write
from parking.commands.speech import both
from parking.house import House
from parking.lots.seed import Credential
from parking.lots.service import current_sign, lots, printed_sign
from qr.sign import Sign, sign_png


def welcome(house: House, made: Sequence[Credential]) -> Iterator[str]:
    """The lines; signs are drawn on the way. `made` are sign-ins whose passwords nobody saw yet."""
    url = house.config.public_url
    yield ""
    yield both("The service runs at %(url)s. Ctrl-C stops it.", url=url)
    if house.config.doubles:
        names = ", ".join(f"{name} ({where})" for name, where in house.config.doubles)
        yield both(
            "Doubles of payment companies run beside it, no money is real: %(names)s", names=names
        )
    yield ""
    yield both("Signs: the link drivers open by scanning, and the sign to print")
    for sign in _signs(house):
        yield f"  {sign.number}  {sign.name}"
        yield f"        {sign.link}"
        yield f"        {_drawn(house, sign)}"
    yield ""
    yield both("Staff sign in at %(url)s", url=f"{url}/sign-in")
    yield from _people(made)
    yield ""


def _signs(house: House) -> list[Sign]:
    with house.databases.read() as tx:
        return [
            printed_sign(house.keys, house.config.public_url, lot, current_sign(tx, lot))
            for lot in lots(tx)
        ]


def _drawn(house: House, sign: Sign) -> Path:
    """The sign as a picture. Drawn at every start: PUBLIC_URL stands in it and may have changed."""
    folder = house.config.var / "signs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{sign.serial}.png"
    write(path, sign_png(sign))
    return path


def _people(made: Sequence[Credential]) -> Iterator[str]:
    if not made:
        yield "  " + both(
            "Passwords were shown at the first start; parking user reset makes new ones."
        )
        return
    yield "  " + both("These passwords are shown this once; write them down.")
    width = max(len(person.username) for person in made)
    for person in made:
        yield f"  {person.username:{width}}  {person.password}  ({person.role}, {person.name})"
