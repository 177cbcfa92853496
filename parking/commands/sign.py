"""`parking sign`: the printed sign of a lot as a file for the printer."""

from __future__ import annotations

from pathlib import Path

import click

from parking.commands.inputs import Build
from parking.commands.output import write
from parking.commands.speech import tell
from parking.lots.service import current_sign, lot_by_number, printed_sign
from qr.sign import sign_png, sign_svg


@click.command()
@click.argument("lot")
@click.option("--format", "form", type=click.Choice(["png", "svg"]), default="png")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="FILE; - is stdout.")
@click.pass_obj
def sign(build: Build, lot: str, form: str, out: Path) -> None:
    """In biển mã QR của bãi xe / Print the QR sign of a lot."""
    house = build()
    with house.databases.read() as tx:
        found = lot_by_number(tx, lot)
        plate = printed_sign(house.keys, house.config.public_url, found, current_sign(tx, found))
    write(out, sign_png(plate) if form == "png" else sign_svg(plate).encode())
    tell("Sign %(serial)s: %(link)s", serial=plate.serial, link=plate.link)
