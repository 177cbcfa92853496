"""What a provider's own words make of a row, as the mapping says; a word that nobody mapped refuses
the file, because a kind of money nobody thought of must not be counted as another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from payments.provider import LineKind
from reconciliation.statements.cells import folded
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.layout import Layout

IGNORED, FEE, DONE, PAYMENT, REFUND = "ignored", "fee", "done", "payment", "refund"

#: What a word means → the kind of the line, and whether its money leaves us (None: either way).
KINDS: Mapping[str, tuple[LineKind, bool | None]] = {
    PAYMENT: (LineKind.PAYMENT, False),
    REFUND: (LineKind.REFUND, True),
    "reversal": (LineKind.PAYMENT, True),
    "chargeback": (LineKind.PAYMENT, True),
    "payout": (LineKind.PAYOUT, None),
    FEE: (LineKind.OTHER, None),
    "other": (LineKind.OTHER, None),
}


@dataclass(slots=True)
class Meanings:
    """The words of one file, each looked up once."""

    layout: Layout
    _known: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, status: str, kind: str, signed: int, line: int) -> str:
        """What a row with these words in its columns ``status`` and ``type`` is: a key of `KINDS`, or
        ``ignored``. Where the mapping knows no words at all the sign says it. Raises `Doubt`."""
        if not self.layout.statuses and not self.layout.types:
            return PAYMENT if signed >= 0 else REFUND
        found = self._known.get((status, kind))
        if found is None:
            found = self._known[status, kind] = self._looked_up(status, kind, line)
        return found

    def _looked_up(self, status: str, kind: str, line: int) -> str:
        meaning = _in(self.layout.statuses, status, line) if self.layout.statuses else DONE
        return _in(self.layout.types, kind, line) if meaning == DONE else meaning


def _in(meanings: Mapping[str, str], word: str, line: int) -> str:
    found = meanings.get(folded(word)) if word else None
    if found is None:
        raise Doubt(
            "nobody knows what the status “%(status)s” means; the mapping must say it",
            line=line, status=word,
        )  # fmt: skip
    return found
