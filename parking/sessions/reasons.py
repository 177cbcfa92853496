"""For what reasons a stay may cost nothing.

No source lists who parks free of charge in Hanoi: Decision 44/2017/QĐ-UBND could not be read in full
(reference on Hanoi, §2.1, "Not found"). So this short list is a setting of ours, to be confirmed by the
city before it is relied on. A reason is never taken away, because old exemptions carry its key.
"""

from __future__ import annotations

from parking.languages import LANGUAGES, mark, translate

REASONS = {
    "emergency": mark("Ambulance or fire engine on duty"),
    "police": mark("Police or army on duty"),
    "veteran": mark("War invalid"),
    "disability": mark("Person with a disability"),
    "staff": mark("Works at this lot"),
    "funeral": mark("Funeral"),
}


def reason_words(reason: str) -> dict[str, str]:
    """Language → what `reason` is called in it; a key we do not know is called by itself."""
    return {language: translate(REASONS.get(reason, reason), language) for language in LANGUAGES}
