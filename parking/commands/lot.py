"""`parking lot`: when a lot collects, and when it closes."""

from __future__ import annotations

import click

from parking.commands.inputs import Build
from parking.commands.speech import tell
from parking.languages import mark
from parking.lots.rules import Collect, set_closing, set_collection
from parking.lots.service import lot_by_number

ACTOR = "command"
COLLECTS = mark("Lot %(lot)s collects from %(vehicle)s: %(when)s.")
CLOSES = mark("Lot %(lot)s closes at %(time)s.")


@click.group("lot")
def lot() -> None:
    """Bãi xe: thời điểm thu tiền, giờ đóng cửa / Lots: when they collect, when they close."""


@lot.command()
@click.option("--lot", "number", required=True, metavar="NUMBER")
@click.option("--vehicle", required=True, metavar="CLASS", help="car, motorbike, bicycle.")
@click.option("--when", type=click.Choice([when.value for when in Collect]), required=True)
@click.pass_obj
def collect(build: Build, number: str, vehicle: str, when: str) -> None:
    """Thu khi vào, khi ra hay cả hai / Collect from CLASS on entry, on exit, or either way."""
    house = build()
    with house.databases.write.begin() as tx:
        found = lot_by_number(tx, number)
        set_collection(tx, house.tariffs, found, vehicle, Collect(when), ACTOR, house.clock())
        tell(COLLECTS, lot=found.number, vehicle=vehicle, when=when)


@lot.command()
@click.option("--lot", "number", required=True, metavar="NUMBER")
@click.option("--at", required=True, metavar="HH:MM", help="Local time; empty: it never closes.")
@click.pass_obj
def closes(build: Build, number: str, at: str) -> None:
    """Giờ bãi đóng cửa hằng ngày / When the lot closes every day."""
    house = build()
    with house.databases.write.begin() as tx:
        found = lot_by_number(tx, number)
        set_closing(tx, found, at, ACTOR, house.clock())
        tell(CLOSES, lot=found.number, time=found.closes or "—")
