"""Text that a spreadsheet would run.

A cell is a formula when it begins with ``= + - @`` or their full-width forms, or with a tab or a line
break, also behind spaces and invisible characters that programs skip (OWASP: CSV injection). Such a
text is given an apostrophe in front, which every spreadsheet takes for "this is text".
"""

from __future__ import annotations

import unicodedata
from itertools import takewhile

SIGNS = ("=", "+", "-", "@")
BREAKS = "\t\r\n"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet might calculate `text` instead of showing it."""
    skipped = "".join(takewhile(_unseen, text))
    # NFKC makes ＝ ＋ － ＠ (full width), ﹢ and ⁼ the signs that spreadsheets take them for
    first = unicodedata.normalize("NFKC", text[len(skipped) :][:1])
    return first.startswith(SIGNS) or any(letter in BREAKS for letter in skipped)


def _unseen(letter: str) -> bool:
    """Spaces, controls and invisible characters."""
    return letter.isspace() or unicodedata.category(letter) in ("Cc", "Cf")


def harmless(text: str) -> str:
    """`text` as it can stand in a CSV cell."""
    return f"'{text}" if is_formula(text) else text
