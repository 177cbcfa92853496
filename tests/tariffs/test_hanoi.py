"""The check values of Hanoi's tariffs, and what the file promises about long and crossing stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from parking.tariffs import TariffVersion, load_book, price, words
from parking.tariffs.model import HOLDERS
from payments.errors import NotFound, WrongUsage
from tests.tariffs.building import HANOI, amount, ask, said


def tariff(code: str) -> TariffVersion:
    return load_book().in_force(code, date(2026, 11, 23))


@pytest.mark.parametrize(
    ("exit_", "expected"),
    [
        ("08:00:01", 25_000),
        ("09:00", 25_000),
        ("09:00:01", 50_000),
        ("10:00", 50_000),
        ("11:00", 85_000),
        ("12:00", 120_000),
        ("12:01", 165_000),
        ("16:00", 300_000),
        ("17:00", 345_000),
    ],
)
def test_a_car_in_dong_da_climbs_the_ladder_by_started_hours(exit_: str, expected: int) -> None:
    found = ask(tariff("hn-dong-da"), "2026-11-23T08:00", f"2026-11-23T{exit_}")
    assert (found.amount, found.currency, found.status) == (expected, "VND", "press")


def test_nine_hours_in_dong_da_are_explained_step_by_step() -> None:
    found = ask(tariff("hn-dong-da"), "2026-11-23T08:00", "2026-11-23T17:00")
    assert said(found, "vi") == [
        "Giờ 1–2: 2 × 25.000 ₫",
        "Giờ 3–4: 2 × 35.000 ₫",
        "Giờ 5–9: 5 × 45.000 ₫",
    ]


def test_hours_without_a_known_price_go_on_at_the_last_one_and_say_so() -> None:
    version = tariff("hn-hoan-kiem-restricted")
    known = ask(version, "2026-11-23T08:00", "2026-11-23T10:00")
    later = ask(version, "2026-11-23T08:00", "2026-11-23T11:00")
    assert (known.amount, known.status) == (60_000, "unverified")
    assert (later.amount, later.status) == (90_000, "assumed")
    assert any("no official price found" in line for line in words(version, "car", "en"))


def test_hoan_kiem_takes_later_hours_from_dong_da() -> None:
    found = ask(tariff("hn-hoan-kiem"), "2026-11-23T08:00", "2026-11-23T17:00")
    assert (found.amount, found.status) == (345_000, "assumed")


# The table of the file's opening comment.
@pytest.mark.parametrize(
    ("entry", "exit_", "expected"),
    [
        ("2026-11-23T06:00", "2026-11-23T18:00", 5_000),
        ("2026-11-23T18:00", "2026-11-24T06:00", 8_000),
        ("2026-11-23T17:50", "2026-11-23T18:10", 5_000),
        ("2026-11-23T05:50", "2026-11-23T06:10", 8_000),
        ("2026-11-23T17:50", "2026-11-23T18:30", 5_000),
        ("2026-11-23T17:50", "2026-11-23T18:31", 13_000),
        ("2026-11-23T17:30", "2026-11-24T07:00", 13_000),
        ("2026-11-23T08:00", "2026-11-26T08:00", 39_000),
        ("2026-11-23T08:00", "2026-11-26T08:30", 39_000),
        ("2026-11-23T08:00", "2026-11-26T08:31", 44_000),
    ],
)
def test_a_motorbike_pays_the_band_it_comes_in_and_each_band_it_stays_in(
    entry: str, exit_: str, expected: int
) -> None:
    assert amount(tariff("hn-inner-two-wheel"), entry, exit_, "motorbike") == expected


def test_paid_at_17_55_and_left_at_18_10_owes_nothing_more() -> None:
    version = tariff("hn-inner-two-wheel")
    paid = amount(version, "2026-11-23T08:00", "2026-11-23T17:55", "motorbike")
    left = amount(version, "2026-11-23T08:00", "2026-11-23T18:10", "motorbike")
    assert paid == left == 5_000
    assert version.exit_grace_minutes == 15


@pytest.mark.parametrize(
    ("vehicle", "by_day", "by_night"), [("motorbike", 3_000, 4_000), ("bicycle", 2_000, 3_000)]
)
def test_schools_have_prices_of_their_own(vehicle: str, by_day: int, by_night: int) -> None:
    version = tariff("hn-school")
    assert amount(version, "2026-11-23T07:00", "2026-11-23T17:00", vehicle) == by_day
    assert amount(version, "2026-11-23T19:00", "2026-11-23T21:00", vehicle) == by_night


def test_a_regular_card_at_school_is_kept_as_data() -> None:
    cards = {
        vehicle: [band.regular_card for band in tariff("hn-school").vehicle(vehicle).bands]
        for vehicle in ("motorbike", "bicycle")
    }
    assert cards == {"motorbike": [2_000, 4_000], "bicycle": [1_000, 2_000]}


def test_the_inner_districts_price_of_bicycles_is_ours_and_says_so() -> None:
    version = tariff("hn-inner-two-wheel")
    assert ask(version, "2026-11-23T07:00", "2026-11-23T08:00", "bicycle").status == "assumed"


@pytest.mark.parametrize(
    ("code", "prices"),
    [
        ("hn-hoan-kiem-restricted", {"day": 3_000_000, "full": 4_000_000}),
        ("hn-hoan-kiem", {"day": 2_000_000, "full": 3_000_000}),
        ("hn-dong-da", {}),
    ],
)
def test_monthly_prices_are_data(code: str, prices: dict[str, int]) -> None:
    offers = tariff(code).vehicle("car").monthly
    assert {offer.hours: offer.price for offer in offers} == prices
    assert all(offer.origin.status == "press" for offer in offers)


def test_monthly_prices_of_two_wheelers_are_ours_and_school_prices_stand_beside_them() -> None:
    motorbike = tariff("hn-school").vehicle("motorbike")
    prices = [motorbike.monthly_price("day", holder) for holder in HOLDERS]
    assert prices == [78_000, 52_000, 52_000]
    assert motorbike.monthly_price("full", "school") is None
    inner = tariff("hn-inner-two-wheel").vehicle("motorbike")
    assert inner.monthly_price("full", "regular") == 210_000
    assert all(row.origin.status == "assumed" for row in (*motorbike.monthly, *inner.monthly))


def test_a_day_of_a_pass_is_the_band_of_noon_and_else_six_to_six() -> None:
    assert tariff("hn-inner-two-wheel").vehicle("motorbike").pass_day == (360, 1080)
    assert tariff("hn-hoan-kiem").vehicle("car").pass_day == (360, 1080)


def test_nothing_in_hanoi_is_signed_yet() -> None:
    book = load_book()
    assert book.codes == (
        "hn-hoan-kiem-restricted", "hn-hoan-kiem", "hn-dong-da", "hn-inner-two-wheel", "hn-school",
    )  # fmt: skip
    assert all(tariff(code).unverified for code in book.codes)
    assert all(
        (origin.source and "44/2017" in origin.source) or origin.status == "assumed"
        for code in book.codes
        for vehicle in tariff(code).vehicles.values()
        for origin in vehicle.origins()
    )


def test_the_packaged_book_is_read_once() -> None:
    assert load_book() is load_book()


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    entry = datetime(2026, 11, 23, 17, 50, tzinfo=HANOI)
    later = entry + timedelta(minutes=20)
    version = tariff("hn-inner-two-wheel")
    elsewhere = price(version, "motorbike", entry.astimezone(UTC), later.astimezone(UTC))
    assert elsewhere == price(version, "motorbike", entry, later)


def test_a_stay_of_no_length_owes_the_turn_but_no_hour() -> None:
    assert amount(tariff("hn-dong-da"), "2026-11-23T08:00", "2026-11-23T08:00") == 0
    two_wheel = tariff("hn-inner-two-wheel")
    assert amount(two_wheel, "2026-11-23T18:00", "2026-11-23T18:00", "motorbike") == 8_000


def test_a_class_without_price_is_refused_with_the_classes_there_are() -> None:
    with pytest.raises(NotFound, match="no price for car; it has motorbike, bicycle"):
        ask(tariff("hn-school"), "2026-11-23T08:00", "2026-11-23T09:00")


def test_impossible_stays_are_refused() -> None:
    version = tariff("hn-dong-da")
    with pytest.raises(WrongUsage, match="is before the entry 2026-11-23 08:00"):
        ask(version, "2026-11-23T08:00", "2026-11-23T07:59")
    with pytest.raises(WrongUsage, match="longer than 3660 days"):
        ask(version, "2016-11-23T08:00", "2026-12-23T07:59")
    with pytest.raises(WrongUsage, match="need a time zone"):
        price(version, "car", datetime(2026, 11, 23), datetime(2026, 11, 23, tzinfo=UTC))  # noqa: DTZ001


def test_tet_begins_with_the_lunar_year_from_2024_to_2028() -> None:
    days = load_book().holidays
    for first in ("2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26"):
        new_year = date.fromisoformat(first)
        assert [days[new_year + timedelta(days=n)].kind for n in (-1, 0, 1, 2)] == ["tet"] * 4
    for year in range(2024, 2029):
        assert sum(d.year == year and h.kind == "tet" for d, h in days.items()) == 5
        assert days[date(year, 9, 2)].kind == "holiday"
