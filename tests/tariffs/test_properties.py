"""What must be true of every tariff anybody can write, and of every stay."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.tariffs import TariffVersion, price
from parking.tariffs.days import instant
from tests.tariffs.building import build

DAY = timedelta(days=1)

prices = st.integers(0, 50)
maybe = st.none() | st.integers(20, 150)


def _table(values: dict[str, Any]) -> str:
    rows = (f"{key} = {_plain(value)}" for key, value in values.items() if value is not None)
    return "{ " + ", ".join(rows) + " }"


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return _table(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    if draw(st.booleans()):
        lengths = st.fixed_dictionaries(
            {"blocks": st.integers(1, 3), "minutes": st.sampled_from([15, 30, 60, 90]), "price": prices,
             "cap": st.none() | st.integers(20, 60)}
        )  # fmt: skip
        return {"steps": [*draw(st.lists(lengths, max_size=2)), {"price": draw(prices)}]}
    ends = sorted(draw(st.sets(st.integers(1, 600), max_size=2)))
    totals = sorted(draw(st.lists(prices, min_size=len(ends) + 1, max_size=len(ends) + 1)))
    rows: list[dict[str, int]] = [
        {"up_to_minutes": end, "price": total} for end, total in zip(ends, totals, strict=False)
    ]
    return {"brackets": [*rows, {"price": totals[-1]}]}


@st.composite
def bands(draw: st.DrawFn, kind: str) -> list[dict[str, Any]]:
    turn = st.fixed_dictionaries({"turn": prices})
    pricing = {"ladder": ladders(), "turn": turn, "mixed": ladders() | turn}[kind]
    pricing |= st.just({"free": True})
    found: list[dict[str, Any]] = []
    for days in [["weekday", "weekend"]] if draw(st.booleans()) else [["weekday"], ["weekend"]]:
        cuts = sorted(draw(st.sets(st.integers(0, 23), min_size=2, max_size=4)))
        for number, (start, end) in enumerate(zip(cuts, cuts[1:] + cuts[:1], strict=True)):
            hours = {"name": f"band {number}", "from": f"{start:02}:00", "to": f"{end:02}:00"}
            found.append({**hours, "days": days, **draw(pricing)})
    return found


@st.composite
def tariffs(draw: st.DrawFn, instantly: bool = False) -> tuple[str, str]:
    """A vehicle section and a zone; `instantly`: every charge falls due at the moment it is for."""
    kind = draw(st.sampled_from(["ladder", "turn", "mixed"]))
    listed = draw(bands(kind))
    charged = {"turn" if "turn" in band else "ladder" for band in listed if "free" not in band}
    crossings = {
        "ladder": ["block", "entry", "split"],
        "turn": ["entry", "both", "dearest", "combined", "split"],
    }.get(next(iter(charged), "ladder"), [])
    crossing = "split" if len(charged) == 2 else draw(st.sampled_from(crossings))
    keys: dict[str, Any] = {"bands": listed, "crossing": crossing, "combined_price": None}
    if crossing == "combined":
        keys["combined_price"] = draw(st.integers(50, 80))
    if "turn" in charged and crossing != "both" and not instantly:
        keys["straddle_minutes"] = draw(st.none() | st.integers(0, 90))
    bracketed = any("brackets" in band for band in listed)
    rounding = ["up"] if bracketed or instantly else ["up", "down", "nearest"]
    keys["rounding"] = draw(st.sampled_from(rounding))
    keys["restarts"] = draw(st.sampled_from(["never", "24h", "calendar_day"]))
    keys["free_minutes"] = draw(st.sampled_from([0, 20]))
    keys["free_rule"] = (
        "deducted" if instantly else draw(st.sampled_from(["threshold", "deducted"]))
    )
    keys["minimum"] = draw(st.integers(0, 20))
    night = {"from": "21:00", "to": "05:00", "amount": draw(st.integers(20, 100))}
    keys["caps"] = {
        **{name: draw(maybe) for name in ("stay", "calendar_day", "rolling_24h", "rolling_week")},
        "night": draw(st.sampled_from([None, night])),
    }
    text = "\n".join(f"{key} = {_plain(value)}" for key, value in keys.items() if value is not None)
    return text, draw(st.sampled_from(["Asia/Ho_Chi_Minh", "Europe/Berlin"]))


#: Around two changes of the clock in Berlin, so that short and long days are met.
entries = st.sampled_from([datetime(2026, 3, 25), datetime(2026, 10, 21)]).flatmap(  # noqa: DTZ001
    lambda day: st.integers(0, 6 * 24 * 60).map(lambda minutes: day + timedelta(minutes=minutes))
)
stays = st.timedeltas(timedelta(), timedelta(days=10))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _cost(version: TariffVersion, entry: datetime, stay: timedelta) -> int:
    start = entry.replace(tzinfo=version.zone)
    end = start.astimezone(UTC) + stay
    found = price(version, "car", start, end)
    assert sum(line.amount for line in found.lines) == found.amount >= 0
    return found.amount


@settings(deadline=None, max_examples=150)
@given(tariffs(), entries, st.lists(stays, min_size=2, max_size=6))
def test_lines_add_up_and_no_price_falls_while_a_vehicle_stays(
    folder: Path, tariff: tuple[str, str], entry: datetime, lengths: list[timedelta]
) -> None:
    version = build(folder, tariff[0], zone=tariff[1])
    costs = [_cost(version, entry, stay) for stay in sorted(lengths)]
    assert costs == sorted(costs)


@settings(deadline=None, max_examples=60)
@given(tariffs(), entries, st.lists(stays, min_size=1, max_size=4))
def test_a_stay_prolonged_again_and_again_pays_its_one_shot_price(
    folder: Path, tariff: tuple[str, str], entry: datetime, lengths: list[timedelta]
) -> None:
    version = build(folder, tariff[0], zone=tariff[1])
    paid = 0
    for stay in sorted(lengths):
        due = _cost(version, entry, stay) - paid
        assert due >= 0
        paid += due
    assert paid == _cost(version, entry, max(lengths))


@settings(deadline=None, max_examples=120)
@given(tariffs(instantly=True), entries, stays, st.integers(0, 10))
def test_caps_hold_in_every_window(
    folder: Path, tariff: tuple[str, str], entry: datetime, offset: timedelta, later: int
) -> None:
    version = build(folder, tariff[0], zone=tariff[1])
    caps = version.vehicle("car").caps
    start = entry.replace(tzinfo=version.zone)

    def within(opens: datetime, closes: datetime) -> int:
        """What falls due between two instants of one stay."""
        opens, closes = max(opens, start), max(closes, start)
        return (
            price(version, "car", start, closes).amount - price(version, "car", start, opens).amount
        )

    moment = start.astimezone(UTC) + offset
    day = start.date() + later * DAY
    midnight, next_midnight = (instant(version.zone, day + n * DAY, 0) for n in (0, 1))
    night = instant(version.zone, day, 21 * 60), instant(version.zone, day + DAY, 5 * 60)
    for limit, opens, closes in [
        (caps.stay, start, start + 60 * DAY),
        (caps.rolling_24h, moment, moment + DAY),
        (caps.rolling_week, moment, moment + 7 * DAY),
        (caps.calendar_day, midnight, next_midnight),
        (caps.night.amount if caps.night else None, *night),
    ]:
        assert limit is None or within(opens, closes) <= limit
