"""Payment codes in what banks make of a transfer's text.

Banks change the case, wrap the text inside words, exchange or drop separators and glue it to account
numbers, dates and names (payments reference, 1.8). So separators say nothing: a code is whatever can be
read after they are gone. What banks do not do is exchange letters: a code with a wrong symbol
has been typed by a person, and nobody here guesses what was meant.
"""

from __future__ import annotations

import re
import unicodedata

from payments.codes import ALPHABET, LENGTH, PREFIX, REFUND_PREFIX, is_body

#: Đ has no decomposition; eth and the African D look like it and come out of some keyboards.
_STROKED = str.maketrans("đðɖĐÐƉ", "dddDDD")


def plain(text: str) -> str:
    """`text` in the letters a bank's system keeps: no diacritics, no full-width or joined forms."""
    parts = unicodedata.normalize("NFKD", text).translate(_STROKED)
    return "".join(part for part in parts if not unicodedata.combining(part))


def codes_in(narrative: str, prefix: str = PREFIX) -> tuple[str, ...]:
    """Every distinct code with `prefix` (two letters of A–Z) and a right check symbol that can be read
    in `narrative` once case, diacritics and everything but letters and digits are gone, in order of
    appearance, overlapping readings included.

    One text in 29 that looks like a code has a right check symbol by chance: the caller asks which of
    these codes exist, and takes the money to a queue unless exactly one does. Letters of other
    scripts are letters: a code interrupted by one is damaged and not found.
    """
    letters = "".join(char for char in plain(narrative).upper() if char.isalnum())
    # a lookahead consumes nothing, so that a reading may begin inside another one
    window = re.compile(f"(?={re.escape(prefix)}([{ALPHABET}]{{{LENGTH + 1}}}))")
    bodies = (found[1] for found in window.finditer(letters))
    return tuple(dict.fromkeys(prefix + body for body in bodies if is_body(body)))


def candidates_in(narrative: str, *, incoming: bool) -> tuple[str, ...]:
    """The codes that may say what a bank transfer with this text is for.

    What goes out can only be a refund of ours. What comes in can only be a payment: with nothing
    but a refund code in it, it is a payout that came back, and a person decides; with both,
    whichever stands in the books decides.
    """
    refunds = codes_in(narrative, REFUND_PREFIX)
    if not incoming:
        return refunds
    payments = codes_in(narrative)
    return payments + refunds if payments else ()
