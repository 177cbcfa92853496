"""Versions by date and number, and what a version says about itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from parking.tariffs import load_book
from payments.errors import NotFound
from tests.tariffs.building import build, write


def two_versions(folder: Path) -> Path:
    path = write(folder, 'turn = 5\nrestarts = "24h"')
    text = path.read_text(encoding="utf-8")
    later = text[text.index("[[tariff]]") :].replace("version = 1", "version = 4")
    path.write_text(text + later.replace("2018-01-01", "2020-01-01"), encoding="utf-8")
    return path


def test_the_version_in_force_is_the_last_that_began(tmp_path: Path) -> None:
    book = load_book(two_versions(tmp_path))
    found = [book.in_force("test", date(year, 1, 1)).number for year in (2018, 2019, 2020, 2030)]
    assert found == [1, 1, 4, 4]
    assert book.version("test", 1).valid_from == date(2018, 1, 1)


def test_what_is_not_in_the_book_is_named_with_what_is(tmp_path: Path) -> None:
    book = load_book(str(two_versions(tmp_path)))
    with pytest.raises(NotFound, match="begins on 2018-01-01; there is no price for 2017-12-31"):
        book.in_force("test", date(2017, 12, 31))
    with pytest.raises(NotFound, match="no version 2; it has 1, 4"):
        book.version("test", 2)
    with pytest.raises(NotFound, match="There is no tariff other; there are test"):
        book.version("other", 1)


def test_only_a_signed_version_is_verified(tmp_path: Path) -> None:
    assert not build(tmp_path, "turn = 5").unverified
    step = 'steps = [{ blocks = 1, price = 5 }, { price = 5, status = "assumed" }]'
    assert build(tmp_path, step).unverified
    assert build(
        tmp_path, 'turn = 5\nmonthly = [{ hours = "day", price = 9, status = "press" }]'
    ).unverified


def test_the_hours_of_a_day_pass_may_be_named(tmp_path: Path) -> None:
    named = build(tmp_path, 'turn = 5\npass_day = { from = "07:00", to = "19:30" }')
    assert named.vehicle("car").pass_day == (420, 1170)


def test_a_changed_table_has_another_fingerprint(tmp_path: Path) -> None:
    one = build(tmp_path, "turn = 5")
    assert one.fingerprint == build(tmp_path, "turn = 5 # the same").fingerprint
    assert one.fingerprint != build(tmp_path, "turn = 6").fingerprint
    assert one.fingerprint != build(tmp_path, "turn = 5", zone="UTC").fingerprint


def test_settings_are_exposed(tmp_path: Path) -> None:
    version = build(tmp_path, "turn = 5\nlost_card_fee = 20\nrefund_unused = true")
    vehicle = version.vehicle("car")
    assert version.vehicle_classes == ("car",)
    assert (version.exit_grace_minutes, version.quote_minutes) == (10, 5)
    assert (vehicle.lost_card_fee, vehicle.refund_unused) == (20, True)
    assert (vehicle.unrecorded_exit.after_hours, vehicle.unrecorded_exit.charge) == (24, "paid")
    assert version.name == version.name_in("en") == "Test"
