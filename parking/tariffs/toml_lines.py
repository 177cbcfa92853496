"""On which line of a TOML text each key stands.

`tomllib` reads values and forgets where they were. A tariff is refused with file and line, so this
walks the same text a second time and remembers only the places. It trusts that `tomllib` accepted
the text before: it looks for ends of things, never for errors.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

#: The way to a value: keys of tables, and numbers of the elements of arrays.
Path = tuple[str | int, ...]

_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+|\#[^\n]*)
  | (?P<newline>\n)
  | (?P<text>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\])*"|'[^']*')
  | (?P<mark>\[\[|\]\]|[\[\]{}=,.])
  | (?P<word>[^\s\[\]{}=,.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)


def lines_of(text: str) -> dict[Path, int]:
    """The line, counted from one, of every table, key and array element in `text`."""
    return _Walk(text).places


class _Walk:
    def __init__(self, text: str) -> None:
        self.places: dict[Path, int] = {(): 1}
        self._counts: dict[Path, int] = {}
        self._tokens = list(_tokens(text))
        self._at = 0
        table: Path = ()
        while self._skip_to_content():
            table = self._statement(table)

    def _statement(self, table: Path) -> Path:
        if self._peek() not in ("[", "[["):
            self._pair(table)
            return table
        line, opening = self._take()
        keys = self._keys()
        self._take()
        path = (*self._resolve(keys[:-1]), keys[-1])
        if opening == "[[":
            number = self._counts[path] = self._counts.get(path, -1) + 1
            path += (number,)
        for length in range(1, len(path) + 1):
            self.places.setdefault(path[:length], line)
        return path

    def _resolve(self, keys: list[str]) -> Path:
        path: Path = ()
        for key in keys:
            path += (key,)
            if path in self._counts:
                path += (self._counts[path],)
        return path

    def _pair(self, table: Path) -> None:
        line = self._tokens[self._at][0]
        path = table
        for key in self._keys():
            path += (key,)
            self.places.setdefault(path, line)
        self._take()
        self._value(path)

    def _keys(self) -> list[str]:
        keys = [_unquoted(self._take()[1])]
        while self._peek() == ".":
            self._take()
            keys.append(_unquoted(self._take()[1]))
        return keys

    def _value(self, path: Path) -> None:
        opening = self._peek()
        if opening in ("[", "[["):
            self._array(path)
        elif opening == "{":
            self._take()
            while self._skip_to_content() and self._peek() != "}":
                self._pair(path)
            self._take()
        else:
            self._scalar()

    def _array(self, path: Path) -> None:
        self._split("[[", "[")
        self._take()
        number = 0
        while self._skip_to_content() and self._peek() not in ("]", "]]"):
            self.places[(*path, number)] = self._tokens[self._at][0]
            self._value((*path, number))
            number += 1
        self._split("]]", "]")
        self._take()

    def _split(self, double: str, single: str) -> None:
        """Inside a value two brackets are two arrays, not the header of a table."""
        line, token = self._tokens[self._at]
        if token == double:
            self._tokens[self._at : self._at + 1] = [(line, single), (line, single)]

    def _scalar(self) -> None:
        while self._at < len(self._tokens) and self._peek() not in (",", "]", "]]", "}", "\n"):
            self._at += 1

    def _skip_to_content(self) -> bool:
        while self._at < len(self._tokens) and self._peek() in ("\n", ","):
            self._at += 1
        return self._at < len(self._tokens)

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _take(self) -> tuple[int, str]:
        self._at += 1
        return self._tokens[self._at - 1]


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "blank":
            yield line, found.group()
        line += found.group().count("\n")


def _unquoted(token: str) -> str:
    if token.startswith('"'):
        return str(tomllib.loads(f"key = {token}")["key"])
    return token.strip("'")
