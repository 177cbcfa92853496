"""Plates as people type them, as cameras see them, and as they really are."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.languages import explain
from parking.sessions.plate_command import plate
from parking.sessions.plate_formats import FIRST_LETTERS, PROVINCES, SECOND_LETTERS
from parking.sessions.plate_samples import random_plate
from parking.sessions.plates import InvalidPlate, read_plate
from payments.errors import WrongUsage


@pytest.mark.parametrize(
    ("text", "key", "display", "kind"),
    [
        ("30A-123.45", "30A12345", "30A-123.45", "car"),
        ("29A-1234", "29A1234", "29A-1234", "car"),
        ("29-AA 123.45", "29AA12345", "29-AA 123.45", "motorbike"),
        ("29aa12345", "29AA12345", "29-AA 123.45", "motorbike"),
        ("29-B1 123.45", "29B112345", "29-B1 123.45", "motorbike"),
        ("29-T1 123.45", "29T112345", "29-T1 123.45", "motorbike"),
        ("29-MĐ1 013.53", "29MD101353", "29-MĐ1 013.53", "electric_motorbike"),
        ("29MD101353", "29MD101353", "29-MĐ1 013.53", "electric_motorbike"),
        ("29MĐ12345", "29MD12345", "29-MĐ 123.45", "electric_motorbike"),
        ("29-MĐ1 2345", "29MD12345", "29-MĐ1 2345", "electric_motorbike"),
        ("50TĐ-82108", "50TD82108", "50TĐ-821.08", "special"),
        ("30LD-123.45", "30LD12345", "30LD-123.45", "special"),
        ("51R-123.45", "51R12345", "51R-123.45", "special"),
        ("80-441-NG-02", "80441NG02", "80-441-NG-02", "diplomatic"),
        ("80-NG-441-02", "80441NG02", "80-441-NG-02", "diplomatic"),
        ("29 123 NN 045", "29123NN045", "29-123-NN-045", "diplomatic"),
        ("TH-12-34", "TH1234", "TH-12-34", "army"),
        ("qa 123", "QA123", "QA-123", "army"),
        ("THL-12345-RM", "THL12345RM", "THL-12-345-RM", "army"),
        ("29T-123.45", "29T12345", "29T-123.45", "temporary"),
        ("29T-012345", "29T012345", "29T-012345", "temporary"),
        ("T29-123.45", "T2912345", "T29-123.45", "temporary"),
    ],
)
def test_every_layout_is_known_by_its_letters(text: str, key: str, display: str, kind: str) -> None:
    found = read_plate(text)
    assert (found.key, found.display, found.kind) == (key, display, kind)
    assert (found.ambiguous, found.needs_review) == (False, False)
    assert [r.display for r in found.readings] == [display]


@pytest.mark.parametrize(
    "text",
    ["30a12345", " 30A–123.45 ", "30A\u00a0123\u202f45", "30A/123/45", "３０Ａ-１２３．４５", "30A\n12345",
     "30 A 123 45", "30_A_12345", "30A—123·45", "30A−12345"],
)  # fmt: skip
def test_separators_widths_and_cases_make_no_difference(text: str) -> None:
    found = read_plate(text, "car")
    assert (found.key, found.display) == ("30A12345", "30A-123.45")


def test_eight_characters_without_a_hint_are_ambiguous() -> None:
    found = read_plate("30A12345")
    assert found.ambiguous
    assert {r.display: r.vehicle for r in found.readings} == {
        "30A-123.45": "car",
        "30-A1 2345": "motorbike",
    }
    assert found.display == found.readings[0].display


@pytest.mark.parametrize(
    ("text", "vehicle", "display"),
    [
        ("30A12345", "car", "30A-123.45"),
        ("30A12345", "motorbike", "30-A1 2345"),
        ("30A-12345", None, "30A-123.45"),
        ("30A123.45", None, "30A-123.45"),
        ("30-A 123.45", None, "30A-123.45"),
        ("30A1-2345", None, "30-A1 2345"),
        ("30-A1 23.45", None, "30-A1 2345"),
        ("29T12345", "motorbike", "29-T1 2345"),
        ("29-T1 2345", None, "29-T1 2345"),
        ("30A02345", None, "30A-023.45"),
    ],
)
def test_the_vehicle_class_or_the_typed_dash_tells_car_from_motorbike(
    text: str, vehicle: str | None, display: str
) -> None:
    found = read_plate(text, vehicle)
    assert (found.display, found.ambiguous, found.needs_review) == (display, False, False)


@pytest.mark.parametrize("text", ["30-A12345", "30-A-1-2345", "29T12345"])
def test_a_dash_that_says_nothing_leaves_the_question_open(text: str) -> None:
    assert read_plate(text).ambiguous
    assert read_plate(text, "bicycle").ambiguous


def test_a_dash_against_the_chosen_class_is_asked_again() -> None:
    found = read_plate("30A-123.45", "motorbike")
    assert (found.display, found.ambiguous) == ("30-A1 2345", True)
    assert not read_plate(found.display, "motorbike").ambiguous


@pytest.mark.parametrize(
    ("text", "vehicle"),
    [("30E-012.34", "motorbike"), ("29-AA 123.45", "car"), ("29-MĐ1 013.53", "car")],
)
def test_a_plate_of_another_class_than_chosen_is_reviewed(text: str, vehicle: str) -> None:
    assert read_plate(text, vehicle).needs_review


def test_the_motorbike_series_win_over_rarer_layouts_only_for_a_motorbike() -> None:
    assert read_plate("29CV12345").kind == "diplomatic"
    assert read_plate("29CV12345", "motorbike").display == "29-CV 123.45"
    assert read_plate("29LD12345").kind == "special"
    assert read_plate("29LD12345", "motorbike").display == "29-LD 123.45"


@pytest.mark.parametrize(
    "stroke", ["Đ", "đ", "Ð", "ð", "D\u0335", unicodedata.normalize("NFD", "Đ")]
)
def test_every_way_to_type_the_letter_with_a_stroke_is_the_same(stroke: str) -> None:
    assert read_plate(f"29-M{stroke}1 013.53").key == "29MD101353"


def test_the_letter_with_a_stroke_is_at_home_in_two_series_only() -> None:
    for text, key in {
        "29-Đ1 123.45": "29D112345",
        "29ĐA12345": "29DA12345",
        "30Đ-123.45": "30D12345",
    }.items():
        found = read_plate(text)
        assert (found.kind, found.needs_review, found.key) == ("unknown", True, key)
        assert "Đ" in found.display
    assert read_plate("29TĐ12345", "motorbike").kind == "special"


@pytest.mark.parametrize(
    ("text", "display", "doubtful"),
    [
        ("3OA-I23.4S", "30A-123.45", True),
        ("3OA-I23.45", "30A-123.45", False),
        ("Z9-B1 1Z3.4S", "29-B1 123.45", True),
        ("30ABI2345", "30-AB 123.45", False),
        ("30A-L23.4G", "30A-423.46", True),
        ("3OAB2345", "30-AB 2345", False),
        ("30AO2345", "30A-023.45", False),
        ("29A-T8B4", "29A-7884", True),
        ("29MD1O1353", "29-MĐ1 013.53", False),
    ],
)
def test_look_alikes_are_mended_where_only_a_digit_can_stand(
    text: str, display: str, doubtful: bool
) -> None:
    found = read_plate(text)
    assert found.display == display
    assert found.needs_review is doubtful


def test_the_fourth_of_nine_places_is_never_changed() -> None:
    found = read_plate("29BI12345")
    assert (found.kind, found.key, found.needs_review) == ("unknown", "29BI12345", True)


def test_an_accent_left_by_the_keyboard_falls_off_and_is_reviewed() -> None:
    found = read_plate("29-Â1 123.45")
    assert (found.key, found.needs_review) == ("29A112345", True)


@pytest.mark.parametrize(
    "text", ["ABA 1234", "13A-123.45", "1", "X", "2AB-XYZ", "12345678901234567890"]
)
def test_an_unknown_plate_is_kept_as_typed_and_marked(text: str) -> None:
    found = read_plate(text)
    assert (found.kind, found.needs_review, found.readings) == ("unknown", True, ())
    assert found.key == text.replace(" ", "").replace("-", "").replace(".", "")


def test_an_unknown_plate_shows_the_groups_that_were_typed() -> None:
    assert read_plate("abc  12 . 3-").display == "ABC-12-3"


@pytest.mark.parametrize("text", ["", "   ", "-.-", "\n"])
def test_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidPlate, match="Enter the licence plate"):
        read_plate(text)


@pytest.mark.parametrize(
    ("text", "symbol"),
    [("30A🚗12345", "🚗"), ("🛵", "🛵"), ("30A\x0012345", "U+0000"), ("30A\x1b[0m", "U+001B"),
     ("桂A12345", "桂"), ("30A+12345", "+"), ("1\ufe0f\u20e3", "U+FE0F"), ("30A\udcff", "U+DCFF")],
)  # fmt: skip
def test_a_symbol_is_refused_by_name(text: str, symbol: str) -> None:
    with pytest.raises(InvalidPlate) as refused:
        read_plate(text)
    assert refused.value.parts == {"symbol": symbol}
    assert "Biển số" in explain(refused.value, "vi")


@pytest.mark.parametrize(
    "text", ["3" * 21, "30A-123.45" * 3, "A" * 100_000, "ﷺﷺ", "30A12345" + " " * 90 + "X"]
)
def test_more_than_twenty_characters_are_refused(text: str) -> None:
    with pytest.raises(InvalidPlate, match="at most 20"):
        read_plate(text)


@settings(deadline=None, max_examples=300)
@given(
    text=st.text(st.sampled_from("0123456789ABCDEGHLMNTRSQIOđĐâ-. "), max_size=14),
    vehicle=st.sampled_from([None, "car", "motorbike", "bicycle"]),
)
def test_reading_what_was_shown_gives_the_same_plate(text: str, vehicle: str | None) -> None:
    try:
        first = read_plate(text, vehicle)
    except InvalidPlate:
        return
    again = read_plate(first.display, vehicle)
    assert (again.key, again.display, again.kind) == (first.key, first.display, first.kind)
    assert first.key.isascii()
    assert first.key.isalnum()
    assert len(first.readings) == (2 if first.ambiguous else first.kind != "unknown")


@settings(deadline=None, max_examples=300)
@given(text=st.text(max_size=25))
def test_any_text_is_either_a_plate_or_refused_in_words(text: str) -> None:
    try:
        outcome = read_plate(text).key
    except InvalidPlate as refused:
        outcome = explain(refused, "vi")
    assert outcome


@settings(deadline=None, max_examples=300)
@given(seed=st.integers(), vehicle=st.sampled_from(["car", "motorbike"]))
def test_an_invented_plate_reads_as_a_good_one(seed: int, vehicle: str) -> None:
    text = random_plate(random.Random(seed), vehicle)
    found = read_plate(text, vehicle)
    assert (found.display, found.ambiguous, found.needs_review) == (text, False, False)


def test_invented_plates_cover_every_province_and_every_kind() -> None:
    rng = random.Random(7)
    found = [read_plate(random_plate(rng, v), v) for v in ("car", "motorbike") for _ in range(6000)]
    assert {p.province for p in found} == {*PROVINCES.values(), None}
    assert {p.kind for p in found} >= {
        "car",
        "motorbike",
        "electric_motorbike",
        "special",
        "diplomatic",
        "army",
    }
    assert sum(p.province == "Hà Nội" for p in found) > len(found) // 2
    assert {p.key[2] for p in found if p.kind == "car"} == set(FIRST_LETTERS) - {"T"}
    assert {p.key[3] for p in found if p.kind == "motorbike"} >= set(SECOND_LETTERS)


def test_the_same_seed_invents_the_same_plates() -> None:
    assert random_plate(random.Random(3), "car") == random_plate(random.Random(3), "car")


def test_a_bicycle_has_no_plate_to_invent() -> None:
    with pytest.raises(WrongUsage, match="bicycle has no licence plate"):
        random_plate(random.Random(1), "bicycle")


def test_eighty_one_codes_are_in_use() -> None:
    assert len(PROVINCES) == 81
    assert not {"13", "42", "44", "45", "46", "87", "91", "96"} & set(PROVINCES)
    assert len(set(PROVINCES.values()) - {"Cục Cảnh sát giao thông"}) == 34


def test_the_command_prints_json_for_scripts() -> None:
    result = CliRunner().invoke(plate, ["30A12345", "--vehicle", "car", "--json"])
    assert json.loads(result.output) == {
        "key": "30A12345", "display": "30A-123.45", "kind": "car", "province": "Hà Nội",
        "ambiguous": False, "needs_review": False,
        "readings": [{"kind": "car", "display": "30A-123.45", "vehicle": "car"}],
    }  # fmt: skip


def test_the_command_speaks_vietnamese_first() -> None:
    result = CliRunner().invoke(plate, ["30A12345"])
    assert result.output.splitlines() == [
        "Biển số 30-A1 2345",
        "Mã tra cứu: 30A12345",
        "Loại: xe máy",
        "Nơi đăng ký: Hà Nội",
        "Cũng có thể đọc là 30A-123.45 (ô tô): vui lòng hỏi lại loại xe.",
    ]


def test_the_command_says_in_english_that_an_unknown_plate_needs_a_look() -> None:
    result = CliRunner().invoke(plate, ["ABC-1", "--language", "en"])
    assert result.output.splitlines() == [
        "Plate ABC-1",
        "Key: ABC1",
        "Kind: unknown layout",
        "Please check this plate.",
    ]
