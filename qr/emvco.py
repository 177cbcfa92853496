"""EMVCo merchant-presented codes: a row of objects, each a two-digit ID, a two-digit length, a value.

Source: EMV QR Code Specification for Payment Systems, Merchant-Presented Mode, as profiled by NAPAS
(VietQR format v1.0, 09/2021). Reading is strict at every depth. Lengths count characters; where the
documents leave bytes and characters open, ASCII makes both the same. The documents do not say what an
object given twice would mean, so it is refused.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

from qr.errors import Explained

LONGEST = 99
FIRST_ID, CRC_ID = "00", "63"

_TWO_DIGITS = re.compile(r"[0-9]{2}")
_CRC = re.compile(r"[0-9A-Fa-f]{4}")
#: So much of a value is shown to a person: the longest there can be.
_SHOWN = LONGEST


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a payload: the IDs on the way down, what the object is called, and the character.

    `at` counts characters from 1; it is None for a payload that is only being written.
    """

    path: str = ""
    name: str = "payload"
    at: int | None = 1

    def inner(self, id_: str, name: str, offset: int = 0) -> Place:
        """The object `id_` inside this one, `offset` characters after where this one's value begins."""
        path = f"{self.path}.{id_}" if self.path else id_
        return Place(path, name, self.after(offset).at)

    def after(self, offset: int) -> Place:
        """The same object, `offset` characters further on."""
        return self if self.at is None else replace(self, at=self.at + offset)

    def __str__(self) -> str:
        said = f"{self.path} ({self.name})" if self.path else self.name
        return said if self.at is None else f"{said}, character {self.at}"


#: The beginning of a payload that is read.
PAYLOAD = Place()


class InvalidPayload(Explained, ValueError):
    """The payload breaks a rule. Says where, what stands there and what would be right."""

    def __init__(self, message: str, place: Place, **parts: object) -> None:
        safe = {n: shown(part) if isinstance(part, str) else part for n, part in parts.items()}
        super().__init__(message, **safe)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}"


def shown(text: str) -> str:
    """A stranger's text for a person: short, and without characters that move a cursor."""
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:_SHOWN])
    return safe + "…" if len(text) > _SHOWN else safe


@dataclass(frozen=True, slots=True)
class DataObject:
    """One object; `at` is how many characters of its template stand before its ID."""

    id: str
    value: str
    at: int


def parse(text: str, place: Place = PAYLOAD) -> tuple[DataObject, ...]:
    """The objects of a payload or of a template's value, whose first character stands at `place`.

    Raises `InvalidPayload`: an ID or a length is not two digits, a length is 00 or more than what
    follows, an ID stands twice.
    """
    found: dict[str, DataObject] = {}
    at = 0
    while at < len(text):
        item = _object(text, at, place, found)
        found[item.id] = item
        at += 4 + len(item.value)
    return tuple(found.values())


def _object(text: str, at: int, place: Place, before: Container[str]) -> DataObject:
    here, id_, length = place.after(at), text[at : at + 2], text[at + 2 : at + 4]
    _check_id(id_, before, here)
    if not _TWO_DIGITS.fullmatch(length) or length == "00":
        raise InvalidPayload(
            "Object %(id)s says “%(length)s” for its length; 01 to 99 is due.",
            here.after(2),
            id=id_,
            length=length,
        )
    value = text[at + 4 : at + 4 + int(length)]
    if len(value) < int(length):
        raise InvalidPayload(
            "Object %(id)s says that it is %(length)s characters long, but only %(left)s follow.",
            here.after(2),
            id=id_,
            length=int(length),
            left=len(value),
        )
    return DataObject(id_, value, at)


def _check_id(id_: str, before: Container[str], place: Place) -> None:
    if not _TWO_DIGITS.fullmatch(id_):
        raise InvalidPayload("“%(id)s” is no object ID; two digits are due.", place, id=id_)
    if id_ in before:
        raise InvalidPayload(
            "Object %(id)s stands here a second time; it may stand once.", place, id=id_
        )


def compose(objects: Iterable[tuple[str, str, Place]]) -> str:
    """ID, value and place of each object, written in the order given.

    Raises `InvalidPayload` naming the object: its value is empty or longer than 99 characters, its ID
    is not two digits, or it is given twice.
    """
    written: dict[str, str] = {}
    for id_, value, place in objects:
        _check_id(id_, written, place)
        if not 1 <= len(value) <= LONGEST:
            raise InvalidPayload(
                "It is %(length)s characters long; 1 to %(most)s are allowed.",
                place,
                length=len(value),
                most=LONGEST,
            )
        written[id_] = f"{id_}{len(value):02}{value}"
    return "".join(written.values())


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE over the UTF-8 bytes, as four upper-case hex digits (ISO/IEC 13239:
    polynomial 0x1021, initial value 0xFFFF, nothing reflected)."""
    return f"{binascii.crc_hqx(text.encode('utf-8', 'surrogatepass'), 0xFFFF):04X}"


def seal(body: str) -> str:
    """`body` with its last object, the checksum over everything before its own value."""
    opened = f"{body}{CRC_ID}04"
    return opened + crc(opened)


def _outermost(payload: str) -> tuple[DataObject, ...]:
    """Writers that count bytes go astray at the first letter with a mark: that is the place to name."""
    try:
        return parse(payload)
    except InvalidPayload as error:
        strange = next((at for at, letter in enumerate(payload) if not letter.isascii()), None)
        if strange is None or (error.place.at or 1) <= strange:
            raise
        raise InvalidPayload(
            "“%(letter)s” is not ASCII, and from here on the lengths, in characters, do not fit.",
            PAYLOAD.after(strange),
            letter=payload[strange],
        ) from error


def unseal(payload: str) -> str:
    """`payload` without its checksum. Real codes carry lower-case digits, so case does not matter.

    Raises `InvalidPayload`: the objects do not parse, 00 is not the first or 63 not the last of them,
    or the checksum is another.
    """
    objects = _outermost(payload)
    if not objects or objects[0].id != FIRST_ID:
        raise InvalidPayload(
            "It begins with “%(start)s”; object %(id)s is due first.",
            PAYLOAD,
            start=payload[:4],
            id=FIRST_ID,
        )
    last = objects[-1]
    place = Place(CRC_ID, "checksum", last.at + 5)
    if last.id != CRC_ID:
        raise InvalidPayload(
            "Object %(id)s stands last; the checksum, object %(crc)s, is due there.",
            PAYLOAD.after(last.at),
            id=last.id,
            crc=CRC_ID,
        )
    if not _CRC.fullmatch(last.value):
        raise InvalidPayload(
            "“%(value)s” is no checksum; four hexadecimal digits are due.", place, value=last.value
        )
    body = payload[: last.at]
    if seal(body)[-4:] != last.value.upper():
        raise InvalidPayload(
            "The checksum is “%(value)s”, but this text has %(right)s: it was changed or misread.",
            place,
            value=last.value,
            right=seal(body)[-4:],
        )
    return body
