"""How one bank or provider writes its tables: the whole language of an account's mapping.

Every key is optional. MT940 and camt.053 use ``account`` and ``currency``, as a check, and what is said
of payouts.

``means``        ``"bank"`` (the default) or ``"settlement"``: whose money the rows are about
``account``      the account or merchant number the file must be about; of a bank statement needed
                 when the file does not say it
``currency``     likewise its ISO 4217 code, such as ``VND``
``columns``      role → heading, list of headings, or position counted from 1, instead of the usual
                 ones of that role. A role named here must be found. Case, diacritics and punctuation of
                 headings do not matter, and a heading in two languages with a line break, ``/`` or
                 brackets between is either one. Roles of both: ``date``; ``debit`` and ``credit``, or
                 ``amount`` with a sign; ``narrative``. A bank's: ``balance``, ``reference``,
                 ``counterparty_name``, ``counterparty_account``, ``counterparty_bank``. A provider's:
                 ``line`` (its number of the row), ``transaction`` (of the money), ``order`` (ours),
                 ``status``, ``type``, ``fee``, ``fee_tax`` (added to it), ``net``, ``currency``,
                 ``account``, ``batch`` (of the payout that carries the row) and, where another currency is
                 settled than was paid, ``paid_amount`` and ``paid_currency``
``decimal``      ``"."`` or ``","``; absent: read off each amount
``delimiter``    ``","``, ``";"``, ``"\\t"`` or ``"|"``; absent: the one with which the header row is found
``encoding``     ``"utf-8"`` or ``"windows-1258"``; absent: UTF-8 where the file is that, else Windows-1258
``dates``        a format or a list of them, such as ``"dd/MM/yyyy HH:mm:ss"`` (see `dates`); absent:
                 ``dd/MM/yyyy`` or ``yyyy-MM-dd``, perhaps a time, and on further lines perhaps a time
                 and the reference
``zone``         the time zone of its clock; absent: Hanoi's
``scale``        ``"1"`` (the default) or ``"100"``: amounts are printed a hundred times too large
``debit_sign``   ``"+"`` (the default) or ``"-"``, for who prints a minus in the debit column
``totals``       ``"required"`` (the default): without a totals row, a stated closing balance or a stated
                 total the file may be cut off and is refused; ``"absent"`` for who prints none
``total_words``  what else a totals row is called
``labels``       label → what else stands before its value around the table (`vocabulary.LABELS`)
``sheet``        the worksheet's name; absent: the workbook must have exactly one

A bank's only:

``order``        ``"oldest_first"`` (the default) or ``"newest_first"``
``payout_after`` of an account that a company pays out, whose ``account`` is where that money arrives: words,
                 or a list of them, after which the text of a credit names the payout, such as
                 ``"VNPAY TT DOT"``; absent: the bank's own reference is the payout's
``entries``      likewise which credits are the company's: ``"all"`` (the default), or ``"named"``, where
                 others' money arrives, too: only those with the words of ``payout_after``

A provider's only:

``statuses``     what its words in the column ``status`` mean: payment, refund, reversal, chargeback,
                 fee, payout, other, ignored (counted, not recorded) or done (the column ``type`` decides)
                 → word or list of words. A word that is not here refuses the file
``types``        likewise in the column ``type``
``sign``         ``"as_written"`` (the default), or ``"by_status"`` where nothing has a minus
``fee_sign``     ``"+"`` (the default: net is gross less fee) or ``"-"``, where fees have a minus
``totals_cover`` ``"all"`` rows (the default) or ``"counted"``, without the ignored ones
``whole``        ``"yes"`` (the default) or ``"no"``: more of the same day follows in other files
``payouts``      ``"named"`` (the default): a payout pays for the rows that name it in the column ``batch``;
                 or ``"day"``: the payouts of a day pay for that day's rows that name none, and for days
                 before that had no payout
``late_days``    so many days before its period a late row may be of, such as ``"3"``; absent: none

Line breaks inside a cell are where somebody wrapped it, so they are deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from payments.db import CITY_ZONE
from payments.errors import WrongUsage
from reconciliation.statements.amounts import Format
from reconciliation.statements.cells import folded
from reconciliation.statements.dates import Dates, compiled
from reconciliation.statements.vocabulary import (
    BANK,
    HEADINGS,
    KINDS,
    LABELS,
    MEANINGS,
    SETTLEMENT,
    TOTALS,
    Words,
)

CHOICES: Mapping[str, tuple[str, ...]] = {
    "means": MEANINGS,
    "decimal": (".", ","),
    "delimiter": (",", ";", "\t", "|"),
    "encoding": ("utf-8", "windows-1258"),
    "scale": ("1", "100"),
    "order": ("oldest_first", "newest_first"),
    "debit_sign": ("+", "-"),
    "totals": ("required", "absent"),
    "sign": ("as_written", "by_status"),
    "fee_sign": ("+", "-"),
    "totals_cover": ("all", "counted"),
    "whole": ("yes", "no"),
    "payouts": ("named", "day"),
    "late_days": tuple(map(str, range(32))),
    "entries": ("all", "named"),
}
TEXTS = ("account", "currency", "sheet", "zone")
_LISTS = ("dates", "total_words", "payout_after")
_MAPS = ("columns", "labels", "statuses", "types")
_OF_BANK = frozenset({"order", "payout_after", "entries"})
_OF_SETTLEMENT = frozenset(
    {"statuses", "types", "sign", "fee_sign", "totals_cover", "whole", "payouts", "late_days"}
)


class InvalidMapping(WrongUsage):
    """A statement mapping that says something nobody understands."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A mapping that was read; an empty text means the file decides. Words are folded; `places` are
    the columns named by position, counted from 0; `named` the roles that must be found."""

    means: str = BANK
    account: str = ""
    currency: str = ""
    columns: Words = field(default_factory=lambda: HEADINGS[BANK])
    places: Mapping[str, int] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    labels: Words = field(default_factory=lambda: LABELS[BANK])
    total_words: frozenset[str] = TOTALS
    statuses: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    dates: Dates = field(default_factory=Dates)
    decimal: str = ""
    delimiter: str = ""
    encoding: str = ""
    scale: str = "1"
    order: str = "oldest_first"
    debit_sign: str = "+"
    totals: str = "required"
    sheet: str = ""
    sign: str = "as_written"
    fee_sign: str = "+"
    totals_cover: str = "all"
    whole: str = "yes"
    payouts: str = "named"
    late_days: str = "0"
    payout_after: frozenset[str] = frozenset()
    entries: str = "all"

    def format(self, currency: str) -> Format:
        """How amounts of `currency` are printed."""
        return Format(currency, self.decimal, self.scale.count("0"))


def layout_of(mapping: Mapping[str, object] | None) -> Layout:
    """Read a mapping. Raises `InvalidMapping`, which names key and choices."""
    given = dict(mapping or {})
    means = _choice("means", given.get("means", BANK))
    foreign = _OF_BANK if means == SETTLEMENT else _OF_SETTLEMENT
    _refuse_unknown(given, {*CHOICES, *TEXTS, *_LISTS, *_MAPS} - foreign)
    columns, labels = given.get("columns", {}), given.get("labels", {})
    headings = _headings(columns, HEADINGS[means])
    return Layout(
        **{key: _choice(key, value) for key, value in given.items() if key in CHOICES},
        **{key: _text(key, given[key]) for key in ("account", "currency", "sheet") if key in given},
        columns={**HEADINGS[means], **headings},
        places=_places(columns),
        named=frozenset(_mapped("columns", columns)),
        labels=_more(LABELS[means], labels),
        total_words=TOTALS | _folded("total_words", given.get("total_words", ())),
        payout_after=_folded("payout_after", given.get("payout_after", ())),
        statuses=_meanings("statuses", given.get("statuses", {})),
        types=_meanings("types", given.get("types", {})),
        dates=Dates(_formats(given.get("dates", ())), _zone(given.get("zone"))),
    )


def _choice(key: str, value: object) -> str:
    value = str(value) if type(value) is int else value
    if value not in CHOICES[key]:
        _refuse(key, value, CHOICES[key])
    return str(value)


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        _refuse(key, value, ("text",))
    return str(value)


def _refuse(key: str, value: object, allowed: Iterable[str]) -> None:
    raise InvalidMapping(
        "The statement mapping's %(key)s must be %(allowed)s, not %(value)r.",
        key=key, value=value, allowed=" | ".join(map(repr, allowed)),
    )  # fmt: skip


def _mapped(key: str, given: object) -> Mapping[str, object]:
    if not isinstance(given, Mapping):
        _refuse(key, given, ("name = …",))
    return dict(given)  # type: ignore[call-overload, no-any-return]


def _listed(key: str, given: object) -> list[str]:
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list | tuple) or not all(isinstance(t, str) and t for t in listed):
        raise InvalidMapping(
            "The statement mapping's %(key)s must be a text or a list of texts, not %(value)r.",
            key=key, value=given,
        )  # fmt: skip
    return list(listed)


def _folded(key: str, given: object) -> frozenset[str]:
    return frozenset(folded(word) for word in _listed(key, given))


def _headings(given: object, roles: Words) -> dict[str, frozenset[str]]:
    columns = _mapped("columns", given)
    _refuse_unknown(columns, roles)
    return {
        role: frozenset() if type(named) is int else _folded(f"columns.{role}", named)
        for role, named in columns.items()
    }


def _places(given: object) -> dict[str, int]:
    columns = _mapped("columns", given)
    found = {role: place for role, place in columns.items() if isinstance(place, int)}
    for role, place in found.items():
        if not 0 < place <= 1000:
            _refuse(f"columns.{role}", place, ("1 … 1000",))
    return {role: place - 1 for role, place in found.items()}


def _more(usual: Words, given: object) -> Words:
    more = _mapped("labels", given)
    _refuse_unknown(more, usual)
    return {
        label: words | _folded(f"labels.{label}", more.get(label, ()))
        for label, words in usual.items()
    }


def _meanings(key: str, given: object) -> dict[str, str]:
    kinds = _mapped(key, given)
    _refuse_unknown(kinds, KINDS if key == "statuses" else set(KINDS) - {"done"})
    found: dict[str, str] = {}
    for kind, words in kinds.items():
        for word in _folded(f"{key}.{kind}", words):
            if found.setdefault(word, kind) != kind:
                raise InvalidMapping(
                    "The statement mapping's %(key)s let %(word)s mean both %(one)s and %(other)s.",
                    key=key, word=word, one=found[word], other=kind,
                )  # fmt: skip
    return found


def _formats(given: object) -> tuple[str, ...]:
    formats = tuple(_listed("dates", given))
    for text in formats:
        if compiled(text) is None:
            _refuse("dates", text, ("dd/MM/yyyy HH:mm:ss", "yyyyMMddHHmmss", "epoch_ms", "…"))
    return formats


def _zone(given: object) -> ZoneInfo:
    if given is None:
        return CITY_ZONE
    try:
        return ZoneInfo(_text("zone", given))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidMapping(
            "The statement mapping's %(key)s must be %(allowed)s, not %(value)r.",
            key="zone", value=given, allowed="'Asia/Ho_Chi_Minh' | 'UTC' | …",
        ) from None  # fmt: skip


def _refuse_unknown(given: Mapping[str, object], known: Iterable[str]) -> None:
    if strange := sorted(set(given) - set(known)):
        raise InvalidMapping(
            "Nobody knows %(strange)s in a statement mapping; known here are %(known)s.",
            strange=", ".join(strange), known=", ".join(sorted(known)),
        )  # fmt: skip
