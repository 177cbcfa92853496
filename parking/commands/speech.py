"""How commands talk: to people on stderr in both languages, to programs on stdout."""

from __future__ import annotations

import click

from parking.languages import explain, translate
from qr.errors import Explained


def both(sentence: str, **parts: object) -> str:
    """The sentence in Vietnamese, then in English, on one line."""
    return in_both(translate(sentence, "vi", **parts), translate(sentence, "en", **parts))


def in_both(vietnamese: str, english: str) -> str:
    """Two readings of one thing on one line; once, when they are the same."""
    text = english if vietnamese == english else f"{vietnamese} / {english}"
    return " ".join(text.split())


def explained(error: Explained) -> str:
    """What went wrong, or what became of something, with the parts it is made of, on one line."""
    return in_both(explain(error, "vi"), explain(error, "en"))


def tell(sentence: str, **parts: object) -> None:
    """Say what is going on, to whoever watches; never mixed into what programs read."""
    click.echo(both(sentence, **parts), err=True)
