"""A mapping as the fields of a form, and back. Several words share a field, with ``|`` between; ``#3`` is
the third column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reconciliation.statements.layout import CHOICES, Layout
from reconciliation.statements.vocabulary import BANK, HEADINGS, KINDS, LABELS

#: What one field each holds, as it stands in the mapping.
PLAIN = ("account", "currency", "sheet", "zone")
#: What lists of words hold.
LISTS = ("dates", "total_words", "payout_after")
SEPARATOR = " | "
_PLACE = re.compile(r"#\s*(\d{1,4})")
#: What each choice is in a mapping that does not name it.
DEFAULTS = {key: str(getattr(Layout(), key)) for key in CHOICES}
#: Choices that a provider's file has and a bank's has not, and the other way round.
_OTHERS = {
    True: ("sign", "fee_sign", "totals_cover", "whole", "payouts", "late_days"),
    False: ("order", "entries"),
}


def choices_of(means: str) -> list[str]:
    """The settings of one of few values that files of this meaning have."""
    return [key for key in CHOICES if key != "means" and key not in _OTHERS[means == BANK]]


def groups_of(means: str) -> Mapping[str, tuple[str, ...]]:
    """The groups of fields that files of this meaning have, and their names in each."""
    groups = {"columns": tuple(HEADINGS[means]), "labels": tuple(LABELS[means])}
    if means == BANK:
        return groups
    return {**groups, "statuses": KINDS, "types": tuple(kind for kind in KINDS if kind != "done")}


def fields_of(mapping: Mapping[str, object]) -> dict[str, str]:
    """The values of the form's fields; ``columns.date`` is the field of that role."""
    fields = {
        key: _shown(value) for key, value in mapping.items() if not isinstance(value, Mapping)
    }
    for group, words in mapping.items():
        if isinstance(words, Mapping):
            fields |= {f"{group}.{name}": _shown(value) for name, value in words.items()}
    return fields


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return SEPARATOR.join(map(str, value))
    if type(value) is int:
        return f"#{value}"
    return str(value)


def mapping_of(form: Mapping[str, str], means: str) -> dict[str, object]:
    """The mapping a form says; fields that were left empty are not in it."""
    mapping: dict[str, object] = {"means": means}
    for key in (*choices_of(means), *PLAIN):
        # a tab is a choice, and nothing but white space
        said = form.get(key, "")
        if value := said if key in CHOICES else said.strip():
            mapping[key] = value
    for key in LISTS:
        if words := _words(form.get(key, "")):
            mapping[key] = words
    for group, names in groups_of(means).items():
        found = {name: _column(form.get(f"{group}.{name}", "")) for name in names}
        if said_ones := {name: value for name, value in found.items() if value}:
            mapping[group] = said_ones
    return mapping


def _column(text: str) -> int | list[str]:
    place = _PLACE.fullmatch(text.strip())
    return int(place[1]) if place else _words(text)


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split("|") if word.strip()]


def placeholders(means: str) -> dict[str, str]:
    """What each column and label is usually called, for the empty fields."""
    groups = {"columns": HEADINGS[means], "labels": LABELS[means]}
    return {
        f"{group}.{name}": ", ".join(_first(words))
        for group, named in groups.items()
        for name, words in named.items()
    }


def _first(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (len(word), word))[:3]
