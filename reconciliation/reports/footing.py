"""A report whose parts do not add up to its total is refused; nobody has to notice it later."""

from __future__ import annotations

from collections.abc import Mapping

from payments.errors import Conflict

#: Parts named in the complaint; a city has more lots than one line can hold.
NAMED = 20


class DoesNotFoot(Conflict):
    """Parts that do not make the total printed under them."""


def check_foots(figure: str, total: int, parts: Mapping[str, int]) -> None:
    """Raises `DoesNotFoot`, naming the parts and both sums, unless `parts` make `total`."""
    found = sum(parts.values())
    if found == total:
        return
    named = [f"{name} {amount:,}" for name, amount in list(parts.items())[:NAMED]]
    more = ["…"] if len(parts) > NAMED else []
    raise DoesNotFoot(
        "%(figure)s does not add up: %(parts)s make %(found)s, but the total says %(total)s.",
        figure=figure,
        parts=" + ".join(named + more) or "0",
        found=f"{found:,}",
        total=f"{total:,}",
    )
