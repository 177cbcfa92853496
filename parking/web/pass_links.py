"""Where the page of a pass is, for whoever shows the way to it."""

from __future__ import annotations

from parking.house import House
from parking.passes.models import Pass
from qr.links import pass_link


def public_pass_link(house: House, held: Pass) -> str:
    """The whole address of a pass: what its QR code says."""
    return pass_link(house.keys, house.config.public_url, held.token)


def local_pass_link(house: House, held: Pass) -> str:
    """The part of the address after ``/p/``."""
    return pass_link(house.keys, "", held.token).removeprefix("/p/")
