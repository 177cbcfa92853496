"""Bands must tile every kind of day: no minute without a price, none with two."""

from __future__ import annotations

from collections.abc import Sequence

from parking.tariffs.model import Band
from parking.tariffs.reader import Table
from parking.tariffs.reading import MIDNIGHT, ORDINARY

Plan = tuple[tuple[int, Band], ...]


def day_plans(vehicle: Table, bands: Sequence[Band]) -> dict[str, Plan]:
    """Per day type the bands in order, each with the minute of the calendar day at which it begins.

    Raises `InvalidTariff` for an overlap, at the later band, and for a gap that no band with
    ``free = true`` or ``closed = true`` declares, at the band before it.
    """
    declared = dict.fromkeys([*ORDINARY, *(day for band in bands for day in band.days)])
    return {day: _plan(vehicle, bands, day) for day in declared}


def _plan(vehicle: Table, bands: Sequence[Band], day: str) -> Plan:
    pieces = sorted(
        (start, end, number)
        for number, band in enumerate(bands)
        if day in band.days
        for start, end in _within(band)
    )
    if not pieces:
        raise vehicle.refuse(
            "bands", "%(where)s: no band is for a %(day)s; price it, or write free or closed.",
            day=day,
        )  # fmt: skip
    covered, before = 0, pieces[-1][2]
    for start, end, number in [*pieces, (MIDNIGHT, MIDNIGHT, before)]:
        if start > covered:
            raise _refuse(
                vehicle, before,
                "%(where)s: no band from %(from)s to %(to)s on a %(day)s; "
                "price it, or write free or closed.",
                covered, start, day,
            )  # fmt: skip
        if start < covered:
            raise _refuse(
                vehicle, max(number, before),
                "%(where)s: two bands from %(from)s to %(to)s on a %(day)s.",
                start, min(end, covered), day,
            )  # fmt: skip
        covered, before = end, number
    return tuple((start, bands[number]) for start, _, number in pieces)


def _within(band: Band) -> list[tuple[int, int]]:
    """The band as pieces of one calendar day: two where it passes midnight."""
    if band.start < band.end:
        return [(band.start, band.end)]
    return [(start, end) for start, end in ((0, band.end), (band.start, MIDNIGHT)) if start < end]


def _refuse(vehicle: Table, band: int, reason: str, start: int, end: int, day: str) -> Exception:
    place = (*vehicle.place, "bands", band)
    return vehicle.source.refuse(
        place, reason, **{"from": clock(start), "to": clock(end), "day": day}
    )


def clock(minute: int) -> str:
    """Minutes after midnight as a clock shows them."""
    return f"{minute // 60:02}:{minute % 60:02}"
