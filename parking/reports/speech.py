"""The languages that reports are written in."""

from __future__ import annotations

from parking.languages import translate
from reconciliation.reports.table import Language


def speak(code: str) -> Language:
    """``vi`` or ``en`` as writers of reports use it."""

    def say(sentence: str, /, **parts: object) -> str:
        return translate(sentence, code, **parts)

    return Language(code, say)
