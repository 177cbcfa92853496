"""Every sentence a person can read has its Vietnamese, whole, with the same parts."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from pathlib import Path

from babel.messages.pofile import read_po

from parking.languages import catalogue
from tests.web.sentences import PART, in_code, in_templates

CATALOGUES = Path("parking/translations/vi")


def test_every_sentence_has_its_vietnamese() -> None:
    known = catalogue("vi")
    missing = {
        sentence: place
        for place, sentence in (*in_code(), *in_templates())
        if sentence not in known
    }
    told = "\n".join(f"{place}: {sentence}" for sentence, place in sorted(missing.items()))
    assert not missing, f"{len(missing)} sentences without Vietnamese:\n{told}"


def test_a_translation_keeps_every_part_and_adds_none() -> None:
    wrong = {
        english: vietnamese
        for english, vietnamese in catalogue("vi").items()
        if not set(PART.findall(vietnamese)) <= set(PART.findall(english))
    }
    assert not wrong


def test_a_translation_is_a_whole_template() -> None:
    for english, vietnamese in catalogue("vi").items():
        parts = dict.fromkeys(PART.findall(english), 1)
        if parts:
            assert vietnamese % parts


def test_one_sentence_is_translated_one_way() -> None:
    said: dict[str, set[str]] = {}
    for room in CATALOGUES.glob("*.po"):
        for message in read_po(BytesIO(room.read_bytes()), locale="vi"):
            if message.id:
                said.setdefault(str(message.id), set()).add(str(message.string))
    assert {sentence: ways for sentence, ways in said.items() if len(ways) > 1} == {}


def test_no_room_says_a_sentence_twice() -> None:
    for room in CATALOGUES.glob("*.po"):
        lines = Counter(line for line in room.read_text().splitlines() if line.startswith("msgid"))
        assert [line for line, count in lines.items() if count > 1] == [], room


def test_the_collector_finds_what_it_should() -> None:
    code = {sentence for _, sentence in in_code()}
    pages = {sentence for _, sentence in in_templates()}
    assert "There is no merchant account %(slug)s." in code
    assert "Too many attempts" in code
    assert "For staff. Drivers need no account." in pages
