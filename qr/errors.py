"""An error as a sentence with gaps, so that whoever shows it can say it in the reader's language.

It lies in the lowest package because every package above raises such errors.
"""

from __future__ import annotations


class Explained(Exception):
    """`message` is a template such as ``"There is no lot %(lot)s."``; `parts` fill it."""

    def __init__(self, message: str, **parts: object) -> None:
        super().__init__(message, parts)
        self.message = message
        self.parts = parts

    def __str__(self) -> str:
        return self.message % self.parts if self.parts else self.message
