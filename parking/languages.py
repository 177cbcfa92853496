"""Every sentence a person reads, in Vietnamese first and English second.

Sentences stand in the code in English and are the keys of the files in `translations/vi/`, one per
room of the house, read as they are: no compile step to forget, and commands that run outside a web
request speak through the same function. A sentence without a translation is shown in English; a
test finds it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from io import BytesIO

from babel.messages.pofile import read_po

from qr.errors import Explained

LANGUAGES = ("vi", "en")
DEFAULT = "vi"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English sentence → sentence in `language`; empty for English."""
    if language == "en":
        return {}
    folder = resources.files("parking").joinpath("translations", language)
    rooms = sorted((f for f in folder.iterdir() if f.name.endswith(".po")), key=lambda f: f.name)
    messages = (m for room in rooms for m in read_po(BytesIO(room.read_bytes()), locale=language))
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def translate(sentence: str, language: str = DEFAULT, /, **parts: object) -> str:
    """`sentence` in `language`, its ``%(name)s`` parts filled from `parts`."""
    text = catalogue(language).get(sentence, sentence)
    return text % parts if parts else text


def bilingual(sentence: str, /, **parts: object) -> str:
    """`sentence` in Vietnamese, then in English, as it is printed on signs and cards."""
    return f"{translate(sentence, 'vi', **parts)} · {translate(sentence, 'en', **parts)}"


def mark(sentence: str) -> str:
    """Marks a sentence for extraction where it is not translated on the spot."""
    return sentence


def explain(error: Explained, language: str = DEFAULT) -> str:
    """What went wrong, in the reader's language, with the complaints it is made of."""
    parts = {
        name: explain(part, language) if isinstance(part, Explained) else part
        for name, part in error.parts.items()
    }
    return translate(error.message, language, **parts)
