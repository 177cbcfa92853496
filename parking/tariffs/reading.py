"""Prices as written: origins, ladders and bands, each read from its table or refused by place."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from parking.tariffs.model import STATUSES, Band, Kind, Ladder, Origin, Step
from parking.tariffs.reader import Table

PRICINGS: dict[str, Kind] = {
    "steps": "ladder",
    "brackets": "ladder",
    "turn": "turn",
    "free": "free",
    "closed": "closed",
}
MIDNIGHT = 24 * 60
ORDINARY = ("weekday", "weekend")


def read_origin(table: Table, default: Origin | None = None) -> Origin:
    """`source` and `status` of a table; those of the table around it where it has none."""
    if default is None:
        return Origin(table.text("source"), table.choice("status", STATUSES))
    source = table.text("source", default.source)
    return Origin(source, table.choice("status", STATUSES, default.status))


def read_bands(vehicle: Table, origin: Origin, day_types: Collection[str]) -> tuple[Band, ...]:
    """The bands of a vehicle; one for the whole day where it lists none."""
    block = vehicle.number("block_minutes", 60, least=1, most=MIDNIGHT)
    if not vehicle.has("bands"):
        name = {"vi": "cả ngày", "en": "all day"}
        return (_priced(vehicle, "all day", name, (0, MIDNIGHT), ORDINARY, origin, block),)
    return tuple(_band(table, origin, day_types, block) for table in vehicle.tables("bands"))


def _band(table: Table, around: Origin, day_types: Collection[str], block: int) -> Band:
    origin = read_origin(table, around)
    name = table.words("name")
    hours = table.clock("from"), table.clock("to")
    if hours[0] == hours[1]:
        raise table.refuse(
            "to", '%(where)s: this band is empty; the whole day is from "00:00" to "24:00".'
        )
    days = table.choices("days", day_types, ORDINARY)
    key = name.get("en") or next(iter(name.values()))
    band = _priced(table, key, name, hours, days, origin, block)
    table.done()
    return band


def _priced(
    table: Table, key: str, name: dict[str, str], hours: tuple[int, int],
    days: tuple[str, ...], origin: Origin, block: int,
) -> Band:  # fmt: skip
    pricing = _pricing(table)
    ladder = Ladder(())
    turn = 0
    if pricing == "steps":
        ladder = Ladder(tuple(_steps(table, origin, block)))
    elif pricing == "brackets":
        ladder = Ladder(tuple(_brackets(table, origin)))
    elif pricing == "turn":
        turn = table.number("turn")
    elif not table.flag(pricing, default=True):
        raise table.refuse(pricing, "%(where)s: %(key)s is either true or left out.", key=pricing)
    card = table.optional_number("regular_card")
    return Band(key, name, *hours, days, PRICINGS[pricing], origin, ladder, turn, card)


def _pricing(table: Table) -> str:
    found = [key for key in PRICINGS if table.has(key)]
    if len(found) != 1:
        raise table.refuse(
            found[1] if found else None,
            "%(where)s: exactly one of %(choices)s must say what is charged here.",
            choices=", ".join(PRICINGS),
        )  # fmt: skip
    return found[0]


def _steps(table: Table, around: Origin, block: int) -> Iterator[Step]:
    start = 0
    for row, last in _rows(table, "steps"):
        _ended(row, "blocks", last)
        blocks = None if last else row.number("blocks", least=1, most=100_000)
        minutes = row.number("minutes", block, least=1, most=MIDNIGHT)
        step = Step(
            start, blocks, minutes, row.number("price"), read_origin(row, around),
            row.optional_number("cap"),
        )  # fmt: skip
        row.done()
        yield step
        start = step.end or start


def _brackets(table: Table, around: Origin) -> Iterator[Step]:
    start = reach = 0
    for row, last in _rows(table, "brackets"):
        _ended(row, "up_to_minutes", last)
        end = None if last else row.number("up_to_minutes", least=start + 1)
        total = row.number("price", least=reach)
        length = None if end is None else end - start
        yield Step(start, 1, length, total - reach, read_origin(row, around), reach=total)
        row.done()
        start, reach = end or start, total


def _rows(table: Table, key: str) -> Iterator[tuple[Table, bool]]:
    rows = list(table.tables(key))
    if not rows:
        raise table.refuse(key, "%(where)s: %(key)s is empty.", key=key)
    for number, row in enumerate(rows, start=1):
        yield row, number == len(rows)


def _ended(row: Table, key: str, last: bool) -> None:
    """Only the last row goes on for ever: no stay may run off the end of a table."""
    if last and row.has(key):
        raise row.refuse(
            key, "%(where)s: the last row goes on for ever; leave its %(key)s out.", key=key
        )
