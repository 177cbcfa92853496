"""Why somebody did what needs a reason: a few words, on one line."""

from __future__ import annotations

from parking.languages import mark
from payments.errors import WrongUsage

SHORTEST_REASON, LONGEST_REASON = 3, 300


def read_reason(text: str) -> str:
    """The reason as it is kept. Raises `WrongUsage` when it says nothing, or too much."""
    reason = " ".join(text.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise WrongUsage(
            mark("Please give a reason in 3 to %(longest)s characters."), longest=LONGEST_REASON
        )
    return reason
