"""Pure: whether the text of a line has what a rule looks for.

Banks change case, drop diacritics and exchange separators (payments reference, 1.8), so both sides are
compared as words of plain capital letters and digits. A phrase is found as whole words, one after
another: a rule for "LÃI" must not take a "CLAIM". There are no patterns: what a rule names must be
plain to the person who approves it.
"""

from __future__ import annotations

from payments.codes import PREFIX, REFUND_PREFIX
from payments.narratives import codes_in, plain

#: What separates phrases that must all be found.
SEPARATOR = ";"
#: Letters and digits a phrase has at least: fewer stand in any text.
SHORTEST = 3


def folded(text: str) -> str:
    """The words of `text`: plain capitals and digits, one space between two words."""
    letters = (char if char.isalnum() else " " for char in plain(text).upper())
    return " ".join("".join(letters).split())


def phrases_of(words: str) -> tuple[str, ...]:
    """The phrases that a rule's `words` ask for, folded; each once."""
    found = (folded(phrase) for phrase in words.split(SEPARATOR))
    return tuple(dict.fromkeys(phrase for phrase in found if phrase))


def tidy(words: str) -> str:
    """`words` as they were typed, without phrases that ask for nothing."""
    typed = (" ".join(phrase.split()) for phrase in words.split(SEPARATOR))
    return f"{SEPARATOR} ".join(phrase for phrase in typed if folded(phrase))


def too_short(words: str) -> bool:
    """Whether there is no phrase, or one that says too little to go by."""
    phrases = phrases_of(words)
    return not phrases or any(len(phrase.replace(" ", "")) < SHORTEST for phrase in phrases)


def says(text: str, phrases: tuple[str, ...]) -> bool:
    """Whether all of `phrases` (`phrases_of`) stand in `text` as whole words."""
    padded = f" {folded(text)} "
    return all(f" {phrase} " in padded for phrase in phrases)


def is_party(name: str, account: str, phrases: tuple[str, ...]) -> bool:
    """Whether each of `phrases` (`phrases_of`) stands in the `name` of somebody as whole words, or is all
    of their `account` number, however its digits are parted."""
    number = folded(account).replace(" ", "")
    return all(says(name, (phrase,)) or phrase.replace(" ", "") == number for phrase in phrases)


def names_us(text: str) -> bool:
    """Whether a code of a payment or a refund of ours can be read in `text`."""
    return bool(codes_in(text, PREFIX) or codes_in(text, REFUND_PREFIX))
