"""What a proof says when it fails."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """`rule`: the invariant's name; `row`: table and key of the row that is off; `found`: in what."""

    rule: str
    row: str
    found: str
