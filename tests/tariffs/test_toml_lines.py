"""Where things stand in a TOML text, whatever way they are written."""

from __future__ import annotations

import tomllib
from typing import Any

from parking.tariffs.toml_lines import Path, lines_of

TEXT = '''\
# a comment with [brackets] and "quotes
title = "a # b"
"quoted \\u006bey" = 1
a.b.c = 1.5
when = 2018-01-01T10:00:00Z
nested = [[1, 2], [
  3]]
text = """
one [ two
three"""
plain = \'\'\'
x = 1
\'\'\'
after = { x = 1, y = { z = [ 1,
  { deep = true } ] } }

[table]
'literal key' = 'it"s'
[table.sub]
key = 2
[[list]]
key = 1
[[list]]
[list.child]
key = 2
[[list.rows]]
key = 3
[[list.rows]]
key = 4
'''


def _paths(value: Any, path: Path = ()) -> list[Path]:
    found = [path]
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, entry in inside:
        if isinstance(entry, dict | list):
            found += _paths(entry, (*path, key))
        else:
            found.append((*path, key))
    return found


def test_everything_that_toml_reads_has_a_line() -> None:
    assert set(_paths(tomllib.loads(TEXT))) <= set(lines_of(TEXT))


def test_the_lines_are_the_ones_a_person_counts() -> None:
    places = lines_of(TEXT)
    rows = TEXT.splitlines()
    expected: dict[Path, str] = {
        ("title",): 'title = "a # b"',
        ("quoted key",): '"quoted \\u006bey" = 1',
        ("a", "b", "c"): "a.b.c = 1.5",
        ("nested", 1, 0): "  3]]",
        ("after", "y", "z", 1, "deep"): "  { deep = true } ] } }",
        ("table", "literal key"): "'literal key' = 'it\"s'",
        ("table", "sub", "key"): "key = 2",
        ("list", 1, "child"): "[list.child]",
        ("list", 1, "rows", 1): "[[list.rows]]",
        ("list", 1, "rows", 1, "key"): "key = 4",
    }
    assert {path: rows[places[path] - 1] for path in expected} == expected
    assert places[("list", 1, "rows", 1)] == 28
