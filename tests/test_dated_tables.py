"""A table that is not clearly right is refused, with file, row and reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from parking.dated_tables import InvalidTable, in_force, read_table
from parking.languages import explain

GOOD = '[[rate]]\nvalid_from = 2025-01-01\npoints = 8\nnote = "a"\n'
LATER = GOOD.replace("2025", "2027")


@dataclass(frozen=True)
class Row:
    valid_from: date
    points: int
    note: str


def read(folder: Path, text: str) -> tuple[Row, ...]:
    file = folder / "rates.toml"
    file.write_text(text, "utf-8")
    return read_table(file, {"valid_from": date, "points": int, "note": str}, Row)


def test_a_row_holds_until_the_next_begins(tmp_path: Path) -> None:
    rows = read(tmp_path, GOOD + LATER)
    assert in_force(rows, date(2026, 12, 31)) is rows[0]
    assert in_force(rows, date(2027, 1, 1)) is rows[1]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (GOOD + GOOD, "rates.toml: two rates overlap or stand out of order at 2025-01-01."),
        (LATER + GOOD, "rates.toml: two rates overlap or stand out of order at 2025-01-01."),
        (GOOD + "colour = 1\n", "rates.toml, rate 1: a key is missing or unknown: colour."),
        (GOOD + "[[rate]]\nvalid_from = 2027-01-01\npoints = 8\n",
         "rates.toml, rate 2: a key is missing or unknown: note."),
        (GOOD.replace("8", "8.5"), "rates.toml, rate 1: points cannot be 8.5."),
        (GOOD.replace("8", "-8"), "rates.toml, rate 1: points cannot be -8."),
        (GOOD.replace("8", "true"), "rates.toml, rate 1: points cannot be True."),
        (GOOD.replace("2025-01-01", "2025-01-01T00:00:00Z"), "rates.toml, rate 1: valid_from cannot be"),
        (GOOD + "[extra]\n", "rates.toml: only [[rate]] tables are known."),
        ("rate = 8\n", "rates.toml: only [[rate]] tables are known."),
        ("rate = []\n", "rates.toml: only [[rate]] tables are known."),
        ("rate = [8]\n", "rates.toml: only [[rate]] tables are known."),
        ("", "rates.toml: only [[rate]] tables are known."),
        (GOOD + "points = 9\n", "rates.toml: Cannot overwrite a value"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_refused_with_file_row_and_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(InvalidTable) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(reason)
    assert explain(refused.value, "vi") != str(refused.value) or "Cannot overwrite" in reason
