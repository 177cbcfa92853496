"""MT940, the SWIFT customer statement, read strictly: fields in their order, nothing skipped.

One statement per file, on one page or several (``:60M:``/``:62M:`` carry the balance over). The known
library reads reversals of credits (``RC``) as money received and passes over fields it does not understand,
so the few fields are read here. Lines of ``:86:`` break anywhere and are joined as they are; banks of
this country are not known to structure them.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from reconciliation.statements.amounts import Format, minor_units
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.labels import account_number
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankEntry, BankStatement, agreed, proved

_FIELD = re.compile(r":(\d\d[A-Z]?):(.*)", re.ASCII)
_ENVELOPE = re.compile(r"\{1:.*\{4:")
_END = re.compile(r"-(\}.*)?\s*")
_NUMBER = re.compile(r"(\d{1,5})(?:/(\d{1,5}))?", re.ASCII)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})(\d{1,15},\d*)", re.ASCII)
#: Value date, entry date, mark, funds code, amount, type, customer's reference, the bank's.
_ENTRY = re.compile(
    r"(\d{6})(\d{4})?(R?[CD])[A-Z]?(\d{1,15},\d*)[A-Z][A-Z0-9]{3}"
    r"((?:(?!//).){0,16})(?://(.{0,16}))?\s*",
    re.ASCII,
)
_NO_REFERENCE = "NONREF"
#: Which field may follow which. "86!" is a narrative about the whole statement, not about an entry.
_NEXT: dict[str, set[str]] = {
    "": {"20"},
    "20": {"21", "25"},
    "21": {"25"},
    "25": {"28C"},
    "28C": {"60F", "60M"},
    "60F": {"61", "62F", "62M"},
    "60M": {"61", "62F", "62M"},
    "61": {"61", "86", "62F", "62M"},
    "86": {"61", "62F", "62M"},
    "62F": {"64", "65", "86!"},
    "62M": {"64", "65", "86!", "20"},
    "64": {"65", "86!", "20"},
    "65": {"65", "86!", "20"},
    "86!": {"20"},
}
_AFTER_CLOSING = ("62F", "62M", "64", "65")


@dataclass(frozen=True, slots=True)
class _Field:
    line: int
    tag: str
    lines: list[str]

    def read(self, shape: re.Pattern[str]) -> re.Match[str]:
        """The first line taken apart. Raises `Doubt` when it has another shape."""
        found = shape.fullmatch(self.lines[0])
        if found is None:
            raise Doubt(
                "%(text)s is not what field %(tag)s looks like",
                line=self.line, tag=self.tag, text=self.lines[0],
            )  # fmt: skip
        return found


@dataclass(frozen=True, slots=True)
class _Page:
    """One message: a whole statement or one page of it."""

    fields: list[_Field]

    def field(self, *tags: str) -> _Field:
        return next(field for field in self.fields if field.tag in tags)

    @property
    def opening(self) -> _Balance:
        return _balance(self.field("60F", "60M"))

    @property
    def closing(self) -> _Balance:
        return _balance(self.field("62F", "62M"))


@dataclass(frozen=True, slots=True)
class _Balance:
    amount: int
    currency: str
    day: date


def looks_like_mt940(text: str) -> bool:
    """Whether `text` begins as an MT940 message, with or without SWIFT's envelope."""
    return re.match(r"\s*(\{1:.*\{4:\s*)?:20:", text) is not None


def read_mt940(text: str, layout: Layout) -> BankStatement:
    """The statement in an MT940 file. Raises `Doubt`."""
    pages = _pages(_fields(text))
    _refuse_broken_chain(pages)
    head, opening, closing = pages[0].field("25"), pages[0].opening, pages[-1].closing
    # a bank may put its own number before the account's
    number = account_number(head.lines[0].rpartition("/")[2])
    account = agreed("account", account_number(layout.account), number, head.line)
    currency = agreed("currency", layout.currency, opening.currency, head.line)
    agreed("currency", currency, closing.currency, pages[-1].field("62F").line)
    entries = tuple(entry for page in pages for entry in _entries(page, currency))
    # the opening balance carries the day it was left at, which may be any day before the first entry
    since = min((entry.booked_on for entry in entries), default=closing.day)
    found = BankStatement(
        account, currency, opening.amount, closing.amount, since, closing.day, entries
    )
    return proved(found, pages[-1].fields[-1].line)


def _fields(text: str) -> list[_Field]:
    """The fields with their continued lines. Raises `Doubt` for text that belongs to none."""
    fields: list[_Field] = []
    inside = False
    for line, content in enumerate(text.splitlines(), start=1):
        if started := _FIELD.fullmatch(content):
            tag, inside = started[1], True
            about_all = tag == "86" and fields and fields[-1].tag in _AFTER_CLOSING
            fields.append(_Field(line, "86!" if about_all else tag, [started[2]]))
        elif _END.fullmatch(content):
            inside = False
        elif inside:
            fields[-1].lines.append(content)
        elif content.strip() and not _ENVELOPE.fullmatch(content.strip()):
            raise Doubt("text outside of every field", line=line)
    return fields


def _pages(fields: Sequence[_Field]) -> list[_Page]:
    """The messages of a file. Raises `Doubt` for a field that is unknown, missing or out of place."""
    pages: list[_Page] = []
    last = ""
    for field in fields:
        if field.tag not in _NEXT[last]:
            raise Doubt("field %(tag)s may not stand here", line=field.line, tag=field.tag)
        if field.tag == "20":
            pages.append(_Page([]))
        pages[-1].fields.append(field)
        last = field.tag
    if last not in (*_AFTER_CLOSING, "86!"):
        raise Doubt("the closing balance is missing, the file was cut off", line=fields[-1].line)
    return pages


def _refuse_broken_chain(pages: Sequence[_Page]) -> None:
    """Pages of one statement, the first to the last; nothing twice, nothing left out."""
    wanted = ["60F", *["60M"] * (len(pages) - 1)], [*["62M"] * (len(pages) - 1), "62F"]
    for page, opens, closes in zip(pages, *wanted, strict=True):
        tags = {field.tag for field in page.fields}
        if not {opens, closes} <= tags:
            raise Doubt(
                "not one whole statement: fields %(opens)s and %(closes)s are expected here",
                line=page.fields[0].line, opens=opens, closes=closes,
            )  # fmt: skip
    for before, page in pairwise(pages):
        if _name(page) != _name(before, further=1) or page.opening != before.closing:
            raise Doubt("this page does not continue the one before", line=page.fields[0].line)


def _name(page: _Page, further: int = 0) -> tuple[str, int, int]:
    """Account, statement and page number, `further` pages on."""
    number = page.field("28C").read(_NUMBER)
    return page.field("25").lines[0], int(number[1]), int(number[2] or 1) + further


def _balance(field: _Field) -> _Balance:
    mark, day, currency, amount = field.read(_BALANCE).groups()
    sign = -1 if mark == "D" else 1
    minor = minor_units(_decimal(amount), Format(currency), field.line)
    return _Balance(sign * minor, currency, _day(day, field.line))


def _entries(page: _Page, currency: str) -> Iterator[BankEntry]:
    for field, follower in pairwise(page.fields):
        if field.tag == "61":
            yield _entry(field, follower.lines if follower.tag == "86" else [], currency)


def _entry(field: _Field, narrative: Sequence[str], currency: str) -> BankEntry:
    value_day, entry_day, mark, amount, ours, theirs = field.read(_ENTRY).groups()
    reference = (theirs or "").strip() or ours.strip()
    minor = minor_units(_decimal(amount), Format(currency), field.line)
    texts = ("".join(narrative).strip(), "".join(field.lines[1:]).strip())
    return BankEntry(
        reference="" if reference == _NO_REFERENCE else reference,
        booked_on=_booked_on(value_day, entry_day, field.line),
        # C and RD add, D and RC take away
        amount=minor if mark in ("C", "RD") else -minor,
        narrative=" ".join(text for text in texts if text),
        reversal=mark.startswith("R"),
        line=field.line,
    )


def _booked_on(value_day: str, entry_day: str | None, line: int) -> date:
    """The entry date, which has no year: the one nearest to the value date."""
    valued = _day(value_day, line)
    if entry_day is None:
        return valued
    years = (valued.year - 1, valued.year, valued.year + 1)
    days = [_day(f"{year % 100:02}{entry_day}", line) for year in years if _exists(year, entry_day)]
    if not days:
        raise Doubt("%(text)s is not a date", line=line, text=entry_day)
    return min(days, key=lambda day: abs(day - valued))


def _exists(year: int, entry_day: str) -> bool:
    month, day = int(entry_day[:2]), int(entry_day[2:])
    return 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _day(text: str, line: int) -> date:
    """yymmdd, always of this century."""
    year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:])
    if not _exists(year, text[2:]):
        raise Doubt("%(text)s is not a date", line=line, text=text)
    return date(year, month, day)


def _decimal(amount: str) -> Decimal:
    whole, _, decimals = amount.partition(",")
    return Decimal(f"{whole}.{decimals or '0'}")
