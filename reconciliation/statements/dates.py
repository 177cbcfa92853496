"""Formats of dates and times, as a mapping names them: ``dd/MM/yyyy HH:mm:ss``, ``yyyyMMddHHmmss``.

Parts: ``yyyy MM dd HH hh mm ss SSS``, each with its zeros, ``d M H h`` without, ``a`` for AM or PM, ``XXX``
for an offset such as ``+07:00``. ``epoch_s`` and ``epoch_ms`` are seconds and milliseconds since 1970.
Everything else stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from payments.db import CITY_ZONE

_PARTS = {
    "yyyy": r"(?P<Y>\d{4})", "MM": r"(?P<M>\d{2})", "M": r"(?P<M>\d{1,2})",
    "dd": r"(?P<D>\d{2})", "d": r"(?P<D>\d{1,2})", "HH": r"(?P<h>\d{2})", "H": r"(?P<h>\d{1,2})",
    "hh": r"(?P<h>\d{2})", "h": r"(?P<h>\d{1,2})", "mm": r"(?P<m>\d{2})", "ss": r"(?P<s>\d{2})",
    "SSS": r"(?P<f>\d{1,6})", "a": r"(?P<p>[AaPp][Mm])", "XXX": r"(?P<z>Z|[+-]\d\d:?\d\d)",
}  # fmt: skip
_TOKEN = re.compile("yyyy|MM|M|dd|d|HH|H|hh|h|mm|ss|SSS|XXX|a| +|.", re.ASCII | re.DOTALL)
_EPOCHS = {"epoch_s": 1, "epoch_ms": 1000}
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def compiled(text: str) -> re.Pattern[str] | None:
    """The format as an expression; None when it does not name a whole day."""
    if text in _EPOCHS:
        return re.compile(r"\d{1,10}" if text == "epoch_s" else r"\d{1,13}", re.ASCII)
    tokens = _TOKEN.findall(text)
    if sorted(token[0] for token in tokens if token[0] in "yMd") != ["M", "d", "y"]:
        return None
    parts = (
        _PARTS.get(token) or (" +" if token.isspace() else re.escape(token)) for token in tokens
    )
    try:
        return re.compile("".join(parts), re.ASCII)
    except re.error:
        # a part that stands twice
        return None


@dataclass(frozen=True, slots=True)
class Dates:
    """The formats of a file, tried in their order, and the zone of its clock."""

    formats: tuple[str, ...] = ()
    zone: ZoneInfo = CITY_ZONE

    def read(self, text: str) -> tuple[date, datetime | None] | None:
        """The day of `text`, and its instant where a time is told; None when no format fits.
        Raises `ValueError` for a day or a time that never was."""
        for name in self.formats:
            pattern = compiled(name)
            found = pattern.fullmatch(text) if pattern else None
            if found and name in _EPOCHS:
                return self._since_1970(int(text), _EPOCHS[name])
            if found:
                return _read(found.groupdict(), self.zone)
        return None

    def _since_1970(self, count: int, each: int) -> tuple[date, datetime]:
        at = (_FIRST + timedelta(milliseconds=count * 1000 // each)).astimezone(self.zone)
        return at.date(), at


def _read(parts: Mapping[str, str | None], zone: ZoneInfo) -> tuple[date, datetime | None]:
    day = date(int(parts["Y"] or 0), int(parts["M"] or 0), int(parts["D"] or 0))
    if not parts.get("h"):
        return day, None
    clock = time(
        _hour(int(parts["h"] or 0), parts.get("p") or ""),
        int(parts.get("m") or 0),
        int(parts.get("s") or 0),
        int(((parts.get("f") or "") + "000000")[:6]),
    )
    at = datetime.combine(day, clock, zone)
    offset = parts.get("z")
    if offset:
        at = datetime.fromisoformat(f"{at.replace(tzinfo=None).isoformat()}{offset}")
        at = at.astimezone(zone)
    return at.date(), at


def _hour(hour: int, half: str) -> int:
    """The hour of 24. Raises `ValueError` for one that a half day does not have."""
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half.lower() == "pm" else 0)
