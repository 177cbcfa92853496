"""Bytes to text: the encodings Vietnamese banks use, and no other."""

from __future__ import annotations

import codecs
import unicodedata

from reconciliation.statements.doubts import Doubt


def decoded(raw: bytes, encoding: str) -> str:
    """`raw` as text with composed letters. With a byte order mark it must be UTF-8; without one and
    without `encoding` it is Windows-1258 when it is not UTF-8. Raises `Doubt`."""
    marked = raw.startswith(codecs.BOM_UTF8)
    choices = ["utf-8-sig"] if marked else [encoding] if encoding else ["utf-8", "windows-1258"]
    for choice in choices:
        try:
            text = raw.decode(choice)
        except UnicodeDecodeError as error:
            where = raw.count(b"\n", 0, error.start) + 1
        else:
            return unicodedata.normalize("NFC", _without_nul(text))
    raise Doubt("the text is not %(encodings)s", line=where, encodings=" or ".join(choices))


def _without_nul(text: str) -> str:
    place = text.find("\0")
    if place >= 0:
        raise Doubt("a NUL character, this is no text", line=text.count("\n", 0, place) + 1)
    return text
