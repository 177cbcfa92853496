"""Reading a licence plate as people type it and cameras see it.

Two things come out: a key of A–Z and 0–9 that is the same however the plate was written, and a display
form with the separators of the real plate. A plate that fits no layout is kept and marked for review:
a strange plate must never keep a vehicle out. Only what cannot be a plate at all is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise

from parking.sessions.plate_formats import FORMATS, PROVINCES, PlateFormat, PlateKind
from payments.errors import WrongUsage

LONGEST = 20

#: Eth and African D look like Đ and come out of some keyboards.
_LIKE_D_STROKE = "ĐÐƉ"
_SEPARATORS = " \t\n\r._·•,:/\\|'−"
#: What cameras and thumbs take for a digit, by the digit that was meant.
_MEANT = str.maketrans("OQDIJZALSGTB", "000112445678")
#: These never stand on a civil plate, so correcting them leaves no doubt.
_NEVER_ON_PLATES = frozenset("IJOQ")


class InvalidPlate(WrongUsage):
    """What was entered cannot be a licence plate."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to understand a plate; `vehicle` is the class its layout belongs to, if it tells."""

    kind: PlateKind
    display: str
    vehicle: str | None


@dataclass(frozen=True, slots=True)
class Plate:
    """A plate as we keep it.

    `ambiguous`: the same letters are a car's plate and a motorbike's, and nothing said which: ask.
    `readings` then holds both, the chosen one first; else the one reading, or none for an unknown plate.
    `needs_review`: fits no layout, was corrected by guess, or belongs to another vehicle class than chosen.
    """

    key: str
    display: str
    kind: PlateKind
    province: str | None
    ambiguous: bool
    needs_review: bool
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Typed:
    """Upper-case A–Z, Đ and 0–9, the places where something separated them, and whether accents fell off."""

    letters: str
    breaks: frozenset[int]
    folded: bool

    @property
    def display(self) -> str:
        """The letters in the groups in which they were typed."""
        edges = [0, *sorted(self.breaks - {0, len(self.letters)}), len(self.letters)]
        return "-".join(self.letters[a:b] for a, b in pairwise(edges))


@dataclass(frozen=True, slots=True)
class _Candidate:
    format: PlateFormat
    match: re.Match[str]

    @property
    def reading(self) -> Reading:
        return Reading(self.format.kind, self.format.write(self.match), self.format.vehicle)

    def starts_at(self, breaks: Set[int]) -> bool:
        return self.format.number_at in breaks

    def dotted_at(self, breaks: Set[int]) -> bool:
        number = self.match.start("number")
        return len(self.match["number"]) == 5 and number + 3 in breaks


def read_plate(text: str, vehicle_class: str | None = None) -> Plate:
    """The plate in `text`, whatever separators, widths and cases it was typed with.

    `30A12345` is a car's 30A-123.45 or an older motorbike's 30-A1 2345: `vehicle_class` decides, else the
    separator that was typed, else the plate is `ambiguous`. Raises `InvalidPlate` for nothing, for more
    than 20 characters and for symbols such as emoji, which it names.
    """
    typed = _typed(text)
    candidates, doubtful = _candidates(typed.letters), typed.folded
    if not candidates:
        mended, candidates = _mended(typed.letters, typed.breaks)
        doubtful |= any(
            old not in _NEVER_ON_PLATES
            for old, new in zip(typed.letters, mended, strict=True)
            if old != new
        )
    if not candidates:
        return Plate(plate_key(typed.letters), typed.display, "unknown", None, False, True, ())
    chosen, ambiguous = _choose(candidates, vehicle_class, typed.breaks)
    return _plate(chosen, candidates if ambiguous else [chosen], vehicle_class, doubtful)


def plate_key(display: str) -> str:
    """Only A–Z and 0–9 of a display form: what two spellings of one plate have in common."""
    return re.sub("[^A-Z0-9]", "", display.replace("Đ", "D"))


def _plate(
    chosen: _Candidate, readings: Sequence[_Candidate], vehicle_class: str | None, doubtful: bool
) -> Plate:
    reading = chosen.reading
    other_class = {reading.vehicle, vehicle_class} == {"car", "motorbike"}
    others = (c.reading for c in readings if c is not chosen)
    return Plate(
        key=plate_key(reading.display),
        display=reading.display,
        kind=reading.kind,
        province=PROVINCES.get(chosen.match.groupdict().get("pp", "")),
        ambiguous=len(readings) > 1,
        needs_review=doubtful or other_class,
        readings=(reading, *others),
    )


def _candidates(letters: str) -> list[_Candidate]:
    """Every layout these letters fit, in the order of the formats. Đ is at home in MĐ and TĐ only."""
    plain = letters.replace("Đ", "D")
    found = [_Candidate(f, m) for f in FORMATS if (m := f.pattern.fullmatch(plain))]
    if "Đ" in letters:
        return [c for c in found if re.sub("[^A-ZĐ0-9]", "", c.reading.display) == letters]
    return found


def _choose(
    candidates: Sequence[_Candidate], vehicle_class: str | None, breaks: Set[int]
) -> tuple[_Candidate, bool]:
    """The best candidate, and whether a car's and a motorbike's reading are both still possible."""
    named = [c for c in candidates if vehicle_class and c.format.vehicle == vehicle_class]
    spoken = [c for c in candidates if c.starts_at(breaks)]
    spoken = spoken or [c for c in candidates if c.dotted_at(breaks)]
    if len({c.format.vehicle for c in spoken}) > 1:
        spoken = []
    agreed = [c for c in named if c in spoken]
    chosen = (agreed or named or spoken or candidates)[0]
    rivals = {c.format.vehicle for c in candidates} >= {"car", "motorbike"}
    settled = (named or spoken) and all(chosen in said for said in (named, spoken) if said)
    return chosen, rivals and not settled


def _mended(letters: str, breaks: Set[int]) -> tuple[str, list[_Candidate]]:
    """The letters with look-alikes corrected where only a digit can stand, and what they then fit.

    On a plate of up to eight the fourth place is tried as it is first, unless a separator before it says
    that the number starts there; on a longer one it may be letter or digit and is never touched. A plate
    that begins with two likely letters is a foreign one, not a misread one.
    """
    if not any(c.isdigit() or c in _NEVER_ON_PLATES for c in letters[:2]):
        return letters, []
    orders = (4,) if len(letters) > 8 else (3, 4) if 3 in breaks else (4, 3)
    for kept in orders:
        mended = letters[:2].translate(_MEANT) + letters[2:kept] + letters[kept:].translate(_MEANT)
        if candidates := _candidates(mended):
            return mended, candidates
    return letters, []


def _typed(text: str) -> _Typed:
    """Raises `InvalidPlate` for what cannot be a plate."""
    text = text.strip()
    if len(text) <= 4 * LONGEST:  # four: no letter is typed with more marks than that
        text = unicodedata.normalize("NFKC", text)
    if len(text) > LONGEST:
        raise InvalidPlate("A plate has at most %(longest)s characters.", longest=LONGEST)
    letters, breaks, folded = "", set(), False
    for char in text.upper().replace("D\u0335", "Đ").replace("D\u0336", "Đ"):
        if _separates(char):
            breaks.add(len(letters))
            continue
        letter = _letter(char)
        folded |= letter not in (char, "Đ")
        letters += letter
    if not letters:
        raise InvalidPlate("Enter the licence plate, for example 30A-123.45.")
    return _Typed(letters, frozenset(breaks), folded)


def _separates(char: str) -> bool:
    return char in _SEPARATORS or unicodedata.category(char) in ("Pd", "Zs")


def _letter(char: str) -> str:
    """A–Z, 0–9 or Đ for one typed character; an accent falls off. Raises `InvalidPlate` for a symbol."""
    if char in _LIKE_D_STROKE:
        return "Đ"
    base = unicodedata.normalize("NFD", char)[0]
    if not (base.isascii() and base.isalnum()):
        visible = char.isprintable() and not unicodedata.category(char).startswith("M")
        symbol = char if visible else f"U+{ord(char):04X}"
        raise InvalidPlate(
            "A licence plate has only the letters A–Z, Đ and digits: remove “%(symbol)s”.",
            symbol=symbol,
        )
    return base
