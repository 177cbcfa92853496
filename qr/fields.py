"""What may stand in an object, said once: the same description checks what is read and what is written.

The objects of a payload are handled as a flat mapping, path → value, such as "38.01.00" → "970436".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from qr.emvco import InvalidPayload, Place, compose, parse


class Form:
    """A pattern, and the sentence that says what would be right instead of ``%(value)s``."""

    def __init__(self, sentence: str, pattern: str, **parts: object) -> None:
        self.sentence = sentence
        self.pattern = re.compile(pattern)
        self.parts = parts

    def check(self, value: str, place: Place) -> None:
        """Raises `InvalidPayload` at `place` unless `value` has this form."""
        if not self.pattern.fullmatch(value):
            parts = {"value": value, "length": len(value), **self.parts}
            raise InvalidPayload(self.sentence, place, **parts)


def digits(count: int) -> Form:
    """Exactly `count` digits (format N)."""
    return Form("“%(value)s” is not %(count)s digits.", f"[0-9]{{{count}}}", count=count)


def text(most: int) -> Form:
    """1 to `most` characters of printable ASCII (format ANS)."""
    return Form(
        "“%(value)s” has %(length)s characters; 1 to %(most)s of printable ASCII are due.",
        f"[ -~]{{1,{most}}}",
        most=most,
    )


def letters(most: int) -> Form:
    """1 to `most` characters of any alphabet (format S)."""
    return Form(
        "“%(value)s” has %(length)s characters; 1 to %(most)s on one line are due.",
        f".{{1,{most}}}",
        most=most,
    )


def choice(*known: str) -> Form:
    """One of `known`, spelt exactly so."""
    return Form(
        "“%(value)s” cannot stand here; %(known)s can.",
        "|".join(map(re.escape, known)),
        known=", ".join(known),
    )


@dataclass(frozen=True, slots=True)
class Field:
    """One object: its name, the form of its value (None: whatever it likes), or the template in it."""

    name: str
    form: Form | None = None
    required: bool = False
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """Which objects may stand side by side. An `open` one lets others pass as they are."""

    fields: Mapping[str, Field]
    open: bool = False

    def read(self, value: str, place: Place) -> dict[str, str]:
        """Path → value of everything in `value`. Raises `InvalidPayload` at the first broken rule."""
        leaves: dict[str, str] = {}
        for item in parse(value, place):
            field = self._field(item.id, place.after(item.at))
            here = place.inner(item.id, field.name, item.at + 4)
            if field.template is not None:
                leaves |= field.template.read(item.value, here)
            else:
                _check(field, item.value, here)
                leaves[here.path] = item.value
        self._complete(leaves, place)
        return leaves

    def write(self, leaves: Mapping[str, str], place: Place) -> str:
        """The inverse of `read`, objects in ascending order. Raises `InvalidPayload`."""
        self._complete(leaves, place)
        return compose(self._objects(leaves, place))

    def _objects(self, leaves: Mapping[str, str], place: Place) -> Iterator[tuple[str, str, Place]]:
        """ID, value and place of the objects right below `place` that `leaves` speak of."""
        above = f"{place.path}." if place.path else ""
        for id_ in sorted({p[len(above) :].split(".")[0] for p in leaves if p.startswith(above)}):
            field = self._field(id_, place)
            inner = place.inner(id_, field.name)
            if field.template is not None:
                yield id_, field.template.write(leaves, inner), inner
            else:
                value = leaves.get(inner.path, "")
                _check(field, value, inner)
                yield id_, value, inner

    def _field(self, id_: str, place: Place) -> Field:
        field = self.fields.get(id_)
        if field is not None:
            return field
        if self.open:
            return Field("other")
        raise InvalidPayload(
            "Object %(id)s does not belong here; %(known)s do.",
            place,
            id=id_,
            known=", ".join(self.fields),
        )

    def _complete(self, leaves: Mapping[str, str], place: Place) -> None:
        for id_, field in self.fields.items():
            here = place.inner(id_, field.name)
            if field.required and not any(
                path == here.path or path.startswith(here.path + ".") for path in leaves
            ):
                raise InvalidPayload("It is missing.", here)


def _check(field: Field, value: str, place: Place) -> None:
    if field.form is not None:
        field.form.check(value, place)
