"""A row of objects is read whole or refused with its place; what is written is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.emvco import InvalidPayload, Place, compose, crc, parse, seal, shown, unseal

IDS = st.from_regex(r"[0-9]{2}", fullmatch=True).filter(lambda id_: id_ != "63")
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=99)
UNWRITTEN = Place(at=None)


def written(objects: dict[str, str]) -> str:
    return compose((id_, value, UNWRITTEN) for id_, value in objects.items())


@given(st.dictionaries(IDS, VALUES, max_size=8))
def test_what_is_composed_is_parsed(objects: dict[str, str]) -> None:
    text = written(objects)
    found = parse(text)
    assert {item.id: item.value for item in found} == objects
    assert [text[item.at : item.at + 2] for item in found] == list(objects)


@given(st.text(max_size=60) | st.text("0123456789", max_size=60))
def test_what_parses_is_composed_to_the_same_text(text: str) -> None:
    place = complaint(text)
    if place is None:
        found = parse(text)
        assert compose((item.id, item.value, UNWRITTEN) for item in found) == text
    else:
        assert place.at is not None
        assert 1 <= place.at <= len(text) + 1


def complaint(text: str) -> Place | None:
    """Where `text` is broken."""
    try:
        parse(text)
    except InvalidPayload as error:
        return error.place
    return None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x00201", "payload, character 1: “x0” is no object ID; two digits are due."),
        ("0002015", "payload, character 7: “5” is no object ID; two digits are due."),
        ("000201²002AB", "payload, character 7: “²0” is no object ID"),
        ("0002010", "“0” is no object ID"),
        ("00020101", "payload, character 9: Object 01 says “” for its length; 01 to 99 is due."),
        ("00020101x2", "payload, character 9: Object 01 says “x2” for its length"),
        ("00020101000203", "character 9: Object 01 says “00” for its length; 01 to 99 is due."),
        (
            "0002010105123",
            "payload, character 9: Object 01 says that it is 5 characters long, but only 3 follow.",
        ),
        ("000201000201", "character 7: Object 00 stands here a second time; it may stand once."),
    ],
)
def test_a_broken_row_is_refused_with_its_place(text: str, told: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        parse(text)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("objects", "told"),
    [
        ([("1", "x")], "payload: “1” is no object ID"),
        ([("²²", "x")], "“²²” is no object ID"),
        ([("01", "")], "It is 0 characters long; 1 to 99 are allowed."),
        ([("01", "x" * 100)], "It is 100 characters long; 1 to 99 are allowed."),
        ([("01", "x"), ("01", "y")], "Object 01 stands here a second time"),
    ],
)
def test_what_cannot_be_read_is_not_written(objects: list[tuple[str, str]], told: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        compose((id_, value, UNWRITTEN) for id_, value in objects)
    assert told in str(refused.value)


def bit_by_bit(data: bytes) -> int:
    """The checksum as ISO/IEC 13239 defines it."""
    value = 0xFFFF
    for byte in data:
        for place in range(7, -1, -1):
            carried = (value >> 15) ^ (byte >> place & 1)
            value = (value << 1 & 0xFFFF) ^ (0x1021 if carried else 0)
    return value


@given(st.text(max_size=200))
def test_the_checksum_is_the_one_of_the_standard(text: str) -> None:
    assert crc(text) == f"{bit_by_bit(text.encode()):04X}"


def test_the_published_check_value_and_a_leading_zero() -> None:
    assert crc("123456789") == "29B1"
    assert next(len(crc(str(n))) for n in range(9999) if crc(str(n)).startswith("0")) == 4


@given(st.dictionaries(IDS, VALUES, max_size=4))
def test_a_seal_comes_off_as_it_went_on_in_either_case(objects: dict[str, str]) -> None:
    body = written({"00": "01"} | objects)
    assert unseal(seal(body)) == body
    assert unseal(seal(body)[:-4] + seal(body)[-4:].lower()) == body


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("", "payload, character 1: It begins with “”; object 00 is due first."),
        (seal("0102AB"), "payload, character 1: It begins with “0102”"),
        ("000201", "payload, character 1: Object 00 stands last; the checksum, object 63, is due"),
        (seal("000201") + "6402vi", "payload, character 15: Object 64 stands last"),
        (
            "0002016302AB",
            "63 (checksum), character 11: “AB” is no checksum; four hexadecimal digits",
        ),
        ("0002016304GGGG", "63 (checksum), character 11: “GGGG” is no checksum"),
        ("0002016304FFFF", f"The checksum is “FFFF”, but this text has {seal('000201')[-4:]}"),
    ],
)
def test_a_seal_that_is_off_is_refused(payload: str, told: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        unseal(payload)
    assert told in str(refused.value)


def test_a_strangers_text_is_shown_short_and_harmless() -> None:
    assert shown("a\x1b[31m\n") == "a\\x1b[31m\\n"
    assert shown("x" * 500) == "x" * 99 + "…"
    assert shown("Gửi xe") == "Gửi xe"
