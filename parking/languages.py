"""Every sentence a person reads, in Vietnamese first and English second.

Sentences stand in the code in English and are the keys of `translations/vi.po`, which is read as it
is: no compile step to forget, and commands that run outside a web request speak through the same
function. A sentence without a translation is shown in English; a test finds it first.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from io import BytesIO

from babel.messages.pofile import read_po

from payments.errors import Complaint

LANGUAGES = ("vi", "en")
DEFAULT = "vi"


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """English sentence → sentence in `language`; empty for English."""
    if language == "en":
        return {}
    raw = resources.files("parking").joinpath("translations", f"{language}.po").read_bytes()
    messages = read_po(BytesIO(raw), locale=language)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


def translate(sentence: str, language: str = DEFAULT, /, **parts: object) -> str:
    """`sentence` in `language`, its ``%(name)s`` parts filled from `parts`."""
    text = catalogue(language).get(sentence, sentence)
    return text % parts if parts else text


def mark(sentence: str) -> str:
    """Marks a sentence for extraction where it is not translated on the spot."""
    return sentence


def explain(error: Complaint, language: str = DEFAULT) -> str:
    """A complaint in the reader's language."""
    return translate(error.message, language, **error.parts)
