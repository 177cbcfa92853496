"""Bytes to text: the encodings Vietnamese banks use, and no other."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Iterator

from reconciliation.statements.doubts import Doubt

#: Bytes tried at once when the encoding is looked for.
CHUNK = 1 << 20


def decoded(raw: bytes, encoding: str) -> str:
    """`raw` as text with composed letters, in the encoding that `encoding_of` names. Raises `Doubt`."""
    text = raw.decode(encoding_of(raw, encoding))
    _refuse_nul(text, 1)
    return unicodedata.normalize("NFC", text)


def lines_of(raw: bytes, encoding: str) -> Iterator[str]:
    """As `decoded`, line by line with their ends, so that a large file is never text as a whole."""
    text = io.TextIOWrapper(io.BytesIO(raw), encoding_of(raw, encoding), newline="")
    for number, line in enumerate(text, start=1):
        _refuse_nul(line, number)
        yield line if line.isascii() else unicodedata.normalize("NFC", line)


def encoding_of(raw: bytes, encoding: str) -> str:
    """The encoding `raw` is in. With a byte order mark it must be UTF-8; without one and without
    `encoding` it is Windows-1258 when it is not UTF-8. Raises `Doubt`."""
    marked = raw.startswith(codecs.BOM_UTF8)
    choices = ["utf-8-sig"] if marked else [encoding] if encoding else ["utf-8", "windows-1258"]
    for choice in choices:
        wrong = _first_wrong_byte(raw, choice)
        if wrong is None:
            return choice
    raise Doubt(
        "the text is not %(encodings)s",
        line=raw.count(b"\n", 0, wrong) + 1, encodings=", ".join(choices),
    )  # fmt: skip


def _first_wrong_byte(raw: bytes, encoding: str) -> int | None:
    """Where `raw` stops being `encoding`; a megabyte at a time, so that no second copy is made."""
    decoder, view = codecs.getincrementaldecoder(encoding)(), memoryview(raw)
    for start in range(0, len(raw), CHUNK):
        try:
            decoder.decode(view[start : start + CHUNK], final=start + CHUNK >= len(raw))
        except UnicodeDecodeError as error:
            # what was left of the chunk before stands before this one
            return max(
                0, start + error.start - (len(error.object) - len(view[start : start + CHUNK]))
            )
    return None


def _refuse_nul(text: str, line: int) -> None:
    place = text.find("\0")
    if place >= 0:
        raise Doubt("a NUL character, this is no text", line=line + text.count("\n", 0, place))
