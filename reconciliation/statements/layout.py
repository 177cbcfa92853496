"""How one bank writes its statements: the whole language of an account's statement mapping.

Every key is optional; MT940 and camt.053 use the first two only, as a check.

``account``      the account number the file must be about; needed when the file does not say it
``currency``     likewise its ISO 4217 code, such as ``VND``
``columns``      role → heading, or list of headings, instead of the usual ones of that role. Roles:
                 ``date`` and ``narrative``; ``debit`` and ``credit``, or ``amount`` with a sign;
                 ``balance``, ``reference``, ``counterparty_name``, ``counterparty_account``,
                 ``counterparty_bank``. Case, diacritics and punctuation of headings do not matter, and a
                 heading in two languages with a line break, ``/`` or brackets between is either one
``decimal``      ``"."`` or ``","``; absent: read off each amount
``delimiter``    ``","``, ``";"`` or ``"\\t"``; absent: the one with which the header row is found
``encoding``     ``"utf-8"`` or ``"windows-1258"``; absent: UTF-8 where the file is that, else Windows-1258
``order``        ``"oldest_first"`` (the default) or ``"newest_first"``
``debit_sign``   ``"+"`` (the default) or ``"-"``, for a bank that prints a minus in its debit column
``totals``       ``"required"`` (the default): without a totals row or a stated closing balance the file
                 may be cut off and is refused; ``"absent"`` for a bank that prints neither, when a
                 cut-off file is found only by the opening balance of the next one
``sheet``        the worksheet's name; absent: the workbook must have exactly one

A date cell holds ``dd/MM/yyyy`` or ``yyyy-MM-dd``, perhaps a time, and on further lines perhaps a time and the
reference. A narrative's line breaks are where the bank wrapped it, so they are deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from payments.errors import WrongUsage
from reconciliation.statements.cells import folded

#: Role → its usual headings, as `cells.folded` leaves them.
_USUAL: Mapping[str, tuple[str, ...]] = {
    "date": ("ngay giao dich", "ngay gd", "ngay hach toan", "date", "transaction date",
             "booking date", "posting date"),
    "reference": ("so tham chieu", "so ct", "so chung tu", "so but toan", "ma giao dich", "reference",
                  "reference number", "reference no", "ref no", "transaction id"),
    "debit": ("so tien ghi no", "ghi no", "phat sinh no", "debit", "debit amount", "withdrawal"),
    "credit": ("so tien ghi co", "ghi co", "phat sinh co", "credit", "credit amount", "deposit"),
    "amount": ("so tien", "so tien giao dich", "amount", "transaction amount"),
    "balance": ("so du", "so du cuoi", "balance", "running balance"),
    "narrative": ("mo ta", "noi dung", "noi dung giao dich", "dien giai", "mo ta giao dich",
                  "description", "details", "transaction description", "transaction details",
                  "remarks", "narrative"),
    "counterparty_name": ("ten nguoi chuyen", "ten doi ung", "ten tai khoan doi ung",
                          "counterparty name", "remitter"),
    "counterparty_account": ("tai khoan doi ung", "so tai khoan doi ung", "counterparty account"),
    "counterparty_bank": ("ngan hang doi ung", "counterparty bank", "remitter bank"),
}  # fmt: skip

_HEADINGS = {role: frozenset(headings) for role, headings in _USUAL.items()}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "decimal": (".", ","),
    "delimiter": (",", ";", "\t"),
    "encoding": ("utf-8", "windows-1258"),
    "order": ("oldest_first", "newest_first"),
    "debit_sign": ("+", "-"),
    "totals": ("required", "absent"),
}
_TEXTS = ("account", "currency", "sheet")


class InvalidMapping(WrongUsage):
    """A statement mapping that says something nobody understands."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A mapping that was read; an empty text means the file decides. Headings are folded."""

    account: str = ""
    currency: str = ""
    columns: Mapping[str, frozenset[str]] = field(default_factory=lambda: _HEADINGS)
    decimal: str = ""
    delimiter: str = ""
    encoding: str = ""
    order: str = "oldest_first"
    debit_sign: str = "+"
    totals: str = "required"
    sheet: str = ""


def layout_of(mapping: Mapping[str, object] | None) -> Layout:
    """Read an account's statement mapping. Raises `InvalidMapping`, which names key and choices."""
    given = dict(mapping or {})
    columns = _columns(given.pop("columns", {}))
    _refuse_unknown(given, (*_CHOICES, *_TEXTS, "columns"))
    for key, value in given.items():
        allowed = _CHOICES.get(key)
        if not isinstance(value, str) or not value or (allowed and value not in allowed):
            raise InvalidMapping(
                "The statement mapping's %(key)s must be %(allowed)s, not %(value)r.",
                key=key, value=value, allowed=" | ".join(map(repr, allowed or ("text",))),
            )  # fmt: skip
    return Layout(columns={**_HEADINGS, **columns}, **{k: str(v) for k, v in given.items()})


def _columns(given: object) -> dict[str, frozenset[str]]:
    columns = given if isinstance(given, Mapping) else {"columns": given}
    _refuse_unknown(columns, tuple(_HEADINGS))
    return {role: _headings(role, named) for role, named in columns.items()}


def _headings(role: str, named: object) -> frozenset[str]:
    headings = [named] if isinstance(named, str) else named
    if not isinstance(headings, list | tuple) or not all(
        isinstance(h, str) and h for h in headings
    ):
        raise InvalidMapping(
            "The statement mapping's column %(role)s must be a heading or a list of headings.",
            role=role,
        )  # fmt: skip
    return frozenset(folded(heading) for heading in headings)


def _refuse_unknown(given: Mapping[str, object], known: tuple[str, ...]) -> None:
    if strange := sorted(set(given) - set(known)):
        raise InvalidMapping(
            "Nobody knows %(strange)s in a statement mapping; known here are %(known)s.",
            strange=", ".join(strange), known=", ".join(sorted(known)),
        )  # fmt: skip
