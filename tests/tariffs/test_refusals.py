"""A tariff file that cannot be charged by is refused in one line: file, line and reason."""

# Tables of cases read best with one case per line.
# ruff: noqa: E501

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import parking.tariffs
from parking.languages import LANGUAGES, catalogue, explain
from parking.tariffs import InvalidTariff, load_book
from parking.tariffs.reader import Source
from tests.tariffs.building import FIRST, TABLE, write


def refusal(path: Path) -> InvalidTariff:
    with pytest.raises(InvalidTariff) as caught:
        load_book(path)
    for language in LANGUAGES:
        assert "\n" not in explain(caught.value, language)
    assert caught.value.exit_code == 2
    return caught.value


GOOD = 'turn = 5\nrestarts = "24h"'


@pytest.mark.parametrize(
    ("vehicle", "line", "reason"),
    [
        ("turn = -5", 1, "turn must be between 0 and 999999999999, not -5."),
        ("turn = 5.0", 1, "turn must be a whole number, not 5.0."),
        ("turn = true", 1, "turn must be a whole number, not True."),
        ("steps = [\n  { blocks = 1, price = 5 },\n  { price = 5.5 },\n]", 3, "price must be a whole number, not 5.5."),
        ("steps = [\n  { blocks = 1, price = 5 },\n  { price = 5,\tcolour = 1 },\n]", 3, "nobody knows the key colour here; known are blocks, cap, minutes, price, source, status."),
        ("steps = [\n  { price = 5 },\n  { price = 6 },\n]", 2, "blocks is missing."),
        ("steps = [\n  { blocks = 1, price = 5 },\n]", 2, "the last row goes on for ever; leave its blocks out."),
        ("steps = []", 1, "steps is empty."),
        ("steps = 5", 1, "steps must be a list of tables."),
        ("brackets = [\n { up_to_minutes = 60, price = 5 },\n { up_to_minutes = 60, price = 6 },\n { price = 7 } ]", 3, "up_to_minutes must be between 61 and 999999999999, not 60."),
        ("brackets = [\n { up_to_minutes = 60, price = 5 },\n { price = 4 } ]", 3, "price must be between 5 and 999999999999, not 4."),
        ('rounding = "down"\nbrackets = [{ price = 4 }]', 1, "brackets are always rounded up."),
        ("turn = 5\nfree_minuts = 5", 2, None),
        ("turn = 5\nsteps = [{ price = 5 }]", 1, "exactly one of steps, brackets, turn, free, closed must say what is charged here."),
        ("free = false", 1, "free is either true or left out."),
        ('closed = "yes"', 1, "closed must be true or false, not yes."),
        ('turn = 5\nstatus_ = """a\nb"""\n', 2, None),
        ('turn = 5\nrounding = """\nsideways\nout"""\n', 2, "rounding must be one of up, down, nearest, not sideways out."),
        ("turn = 5\nlost_card_fee = '''x'''\n", 2, "lost_card_fee must be a whole number, not x."),
        ('turn = 5\nrestarts = "weekly"', 2, "restarts must be one of never, 24h, calendar_day, not weekly."),
        ("turn = 5\ncaps = { stay = 10,\tmonth = 5 }", 2, "nobody knows the key month here; known are calendar_day, night, rolling_24h, rolling_week, stay."),
        ('turn = 5\ncaps = { night = { from = "25:00", to = "06:00", amount = 5 } }', 2, 'from must be a time such as "18:00", not 25:00.'),
        ("turn = 5\ncaps = 7", 2, "caps must be a table."),
        ("turn = 5\nminimum = 9\n[tariff.vehicles.car.caps]\nstay = 8", 2, "the minimum 9 is above the cap 8."),
        ("turn = 5\nstraddle_minutes = 5\ncrossing = 'both'", 2, "straddle_minutes is for prices per turn whose crossing is not both."),
        ("steps = [{ price = 1 }]\nstraddle_minutes = 5", 2, "straddle_minutes is for prices per turn whose crossing is not both."),
        ("steps = [{ price = 1 }]\ncrossing = 'dearest'", 2, "crossing must be one of block, entry, split, not dearest."),
        ("turn = 5\ncrossing = 'combined'\ncombined_price = 4", 3, "combined_price must be between 5 and 999999999999, not 4."),
        ("turn = 5\nmonthly = [{ hours = 'day', price = 1 },\n\n {hours = 'week', price = 1}]", 4, "hours must be one of day, full, not week."),
        ("turn = 5\nmonthly = [{ hours = 'day', price = 1 },\n{ hours = 'day', price = 2 }]", 3, "there are two prices for day and regular."),
        ("turn = 5\nmonthly = [{ hours = 'day', price = 1, holder = 'nurse' }]", 2, "holder must be one of regular, school, employee, not nurse."),
        ("turn = 5\npass_day = { from = '18:00', to = '06:00' }", 2, "pass_day must begin before it ends, on the same day."),
        ("turn = 5\n[tariff.vehicles.Car]\n", 2, "Car is not a vehicle class: use small letters such as car."),
    ],
)  # fmt: skip
def test_a_bad_vehicle_is_refused_by_line(
    tmp_path: Path, vehicle: str, line: int, reason: str | None
) -> None:
    path = write(tmp_path, vehicle)
    said = str(refusal(path))
    assert said.startswith(f"{path}:{FIRST + line - 1}: ")
    assert reason is None or said == f"{path}:{FIRST + line - 1}: {reason}"


BANDS = """\
crossing = "both"
[[tariff.vehicles.car.bands]]
name = "day"
from = "06:00"
to = "18:00"
turn = 5
[[tariff.vehicles.car.bands]]
name = "night"
%s
turn = 8
"""


@pytest.mark.parametrize(
    ("night", "line", "reason"),
    [
        ('from = "17:00"\nto = "06:00"', 7, "two bands from 17:00 to 18:00 on a weekday."),
        ('from = "18:00"\nto = "06:01"', 7, "two bands from 06:00 to 06:01 on a weekday."),
        ('from = "19:00"\nto = "06:00"', 2, "no band from 18:00 to 19:00 on a weekday; price it, or write free or closed."),
        ('from = "18:00"\nto = "05:00"', 7, "no band from 05:00 to 06:00 on a weekday; price it, or write free or closed."),
        ('from = "18:00"\nto = "24:00"', 7, "no band from 00:00 to 06:00 on a weekday; price it, or write free or closed."),
        ('from = "18:00"\nto = "18:00"', 10, 'this band is empty; the whole day is from "00:00" to "24:00".'),
        ('from = "18:00"\nto = "06:00"\ndays = ["weekend"]', 2, "no band from 00:00 to 06:00 on a weekday; price it, or write free or closed."),
        ('from = "18:00"\nto = "06:00"\ndays = ["holiday"]', 11, "days must be a list of some of weekday, weekend, not ['holiday']."),
        ('from = "18:00"\nto = "06:00"\ndays = []', 11, "days must be a list of some of weekday, weekend, not []."),
        ('from = 18\nto = "06:00"', 9, 'from must be a time such as "18:00", not 18.'),
        ('from = "18:00"\nto = "06:00"\ncolour = 1', 11, None),
        ('from = "18:00"\nto = "06:00"\nfree = true', 11, None),
    ],
)  # fmt: skip
def test_bands_must_tile_every_day(
    tmp_path: Path, night: str, line: int, reason: str | None
) -> None:
    path = write(tmp_path, BANDS % night)
    said = str(refusal(path))
    assert said.startswith(f"{path}:{FIRST + line - 1}: ")
    assert reason is None or said == f"{path}:{FIRST + line - 1}: {reason}"


def test_a_kind_of_day_without_any_band_is_refused(tmp_path: Path) -> None:
    bands = 'bands = [{ name = "x", from = "00:00", to = "24:00", days = ["weekday"], turn = 5 }]'
    said = str(refusal(write(tmp_path, bands)))
    assert said.endswith("no band is for a weekend; price it, or write free or closed.")


def test_a_stay_that_may_cross_needs_a_rule_for_it(tmp_path: Path) -> None:
    path = write(tmp_path, BANDS.partition("\n")[2] % 'from = "18:00"\nto = "06:00"')
    assert str(refusal(path)) == f"{path}:{TABLE}: crossing is missing."


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ('currency = "VND"\n', "", 3, "currency is missing."),
        ('currency = "VND"', 'currency = "XXX"', 8, None),
        ('code = "test"', 'code = "Test Lot"', 4, None),
        ('name = "Test"', 'name = ""', 6, "name must be a text, not ."),
        ('name = "Test"', 'name = { vi = "" }', 6, "vi must be a text, not ."),
        ("valid_from = 2018-01-01", 'valid_from = "2018"', 7, "valid_from must be a date such as 2018-01-01, not 2018."),
        ('timezone = "Asia/Ho_Chi_Minh"', 'timezone = "Asia/Hanoi"', 1, "Asia/Hanoi is not a time zone such as Asia/Ho_Chi_Minh."),
        ('timezone = "Asia/Ho_Chi_Minh"', 'timezone = "../etc"', 1, None),
        ('timezone = "Asia/Ho_Chi_Minh"', 'timezone = "Asia/Ho_Chi_Minh"; x', 1, None),
        ("version = 1", "version = 1\nversion = 2", 6, None),
        ("version = 1", "version = 0", 5, "version must be between 1 and 999999999999, not 0."),
        ('status = "signed"', "status = 1", 13, "status must be one of signed, notice, press, unverified, assumed, not 1."),
        ('source = "Council, 1 Jan 2026"\n', "", 11, "source is missing."),
        ("[[tariff]]", "[[tariffs]]", 11, "tariff must be a list of tables."),
        ('timezone = "Asia/Ho_Chi_Minh"', 'timezone = "UTC"\n[[tariffs]]', 2, "nobody knows the key tariffs here; known are holidays, tariff, timezone."),
        ("[tariff.vehicles.car]", "[tariff.vehicles]\n[car]", 11, "a tariff needs at least one vehicle class."),
        ('\nrestarts = "24h"', '\nrestarts = "24h', 17, None),
        ('after_hours = 24', 'after_hours = 24, x = 1', 14, "nobody knows the key x here; known are after_hours, charge."),
    ],
)  # fmt: skip
def test_a_bad_tariff_is_refused_by_line(
    tmp_path: Path, old: str, new: str, line: int, reason: str | None
) -> None:
    path = write(tmp_path, GOOD)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    said = str(refusal(path))
    assert said.startswith(f"{path}:{line}: ")
    assert reason is None or said == f"{path}:{line}: {reason}"


def test_lines_are_counted_the_same_in_files_from_windows(tmp_path: Path) -> None:
    path = write(tmp_path, "turn = -5")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert str(refusal(path)).startswith(f"{path}:{FIRST}: ")


def test_a_file_that_ends_too_early_is_refused_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "cut.toml"
    path.write_text('timezone = "Asia/Ho_Chi_Minh"\n[[tariff')
    assert str(refusal(path)).startswith(f"{path}:2: this is not TOML: ")


def test_a_file_that_is_no_text_is_refused_where_it_stops_being_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'timezone = "Asia/Ho_Chi_Minh"\n# caf\xe9\n')
    assert str(refusal(path)) == f"{path}:2: this is not UTF-8 text; save the file as UTF-8."


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert str(refusal(path)) == (
        f"{path}:1: this file cannot be read (No such file or directory)."
    )


def test_a_file_without_tariffs_or_vehicles_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.toml"
    path.write_text('timezone = "UTC"\n')
    assert str(refusal(path)) == f"{path}:1: there is no [[tariff]] in this file."
    text = write(tmp_path, GOOD).read_text(encoding="utf-8")
    path.write_text(text[: text.index("[tariff.vehicles.car]")] + "vehicles = {}\n")
    assert str(refusal(path)) == f"{path}:11: a tariff needs at least one vehicle class."


@pytest.mark.parametrize(
    ("number", "day", "line", "good"),
    [(2, "2020-01-01", 0, True), (1, "2020-01-01", 3, False), (2, "2018-01-01", 5, False)],
)
def test_versions_follow_each_other_in_number_and_date(
    tmp_path: Path, number: int, day: str, line: int, good: bool
) -> None:
    path = write(tmp_path, GOOD)
    text = path.read_text(encoding="utf-8")
    later = text[text.index("[[tariff]]") :]
    later = later.replace("version = 1", f"version = {number}").replace("2018-01-01", day)
    path.write_text(f"{text}\n{later}", encoding="utf-8")
    if good:
        assert [version.number for version in load_book(path).versions["test"]] == [1, 2]
    else:
        place = text.count("\n") + 1 + line
        assert str(refusal(path)).startswith(f"{path}:{place}: version {number} of test must have")


def test_a_place_that_nobody_wrote_down_is_the_table_around_it() -> None:
    source = Source("city.toml", {(): 1, ("tariff",): 7})
    refused = source.refuse(("tariff", 0, "code"), "%(where)s: %(key)s is missing.", key="code")
    assert str(refused) == "city.toml:7: code is missing."


def test_a_bad_calendar_is_refused_in_its_own_file(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD, top='holidays = "days.toml"')
    days = tmp_path / "days.toml"
    entry = '[[holiday]]\ndate = 2026-01-01\nname = "x"\nsource = "law"\nstatus = "press"\n'
    days.write_text(entry + entry)
    assert str(refusal(path)) == f"{days}:7: 2026-01-01 is listed twice."
    days.write_text(entry + "colour = 1")
    assert str(refusal(path)).startswith(f"{days}:6: nobody knows the key colour")
    days.write_text("[[holidays]]")
    assert str(refusal(path)).startswith(f"{days}:1: nobody knows the key holidays")


def test_every_sentence_of_this_room_has_its_vietnamese() -> None:
    folder = Path(parking.tariffs.__file__).parent
    spoken = {
        argument.value
        for file in folder.glob("*.py")
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        if "%(" in argument.value or getattr(call.func, "id", "") in ("mark", "translate")
    }
    assert len(spoken) > 90
    assert spoken - set(catalogue("vi")) == set()
