"""VietQR: a code that any Vietnamese bank application turns into a transfer.

Source: NAPAS, VietQR format v1.0 (09/2021) and v1.5.2 (10/2022); the numbers in brackets below are
object IDs. Two things the documents leave open: an amount with leading zeros means the number it
spells, and what nobody defined for these places is kept as it is and written back.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from qr.banks import Bank, banks
from qr.emvco import PAYLOAD, InvalidPayload, Place, seal, unseal
from qr.fields import Field, Form, Template, choice, digits, letters, text

#: Into an account, into a card, to a merchant, cash from a machine.
TO_ACCOUNT, TO_CARD, PUSH, CASH = "QRIBFTTA", "QRIBFTTC", "QRPUSH", "QRCASH"
LONGEST_PURPOSE = 25
#: NAPAS 24/7 carries less than this in one transfer, in dong.
TRANSFER_LIMIT = 500_000_000

_STATIC, _DYNAMIC = "11", "12"
_GUID, _DONG, _VIETNAM = "A000000727", "704", "VN"
_INITIATION, _AMOUNT, _PAYEE, _CITY, _PURPOSE = "01", "54", "59", "60", "62.08"
_BIN, _ACCOUNT, _SERVICE = "38.01.00", "38.01.01", "38.02"

_MONEY = Form(
    "“%(value)s” is not an amount in whole dong: digits only, not zero, at most 13 characters.",
    r"(?=.{1,13}$)0*[1-9][0-9]*\.?",
)
_PERCENT = Form(
    "“%(value)s” is not a share from 00.01 to 99.99.", r"(?!0+\.?0*$)[0-9]{1,2}(\.[0-9]{1,2})?"
)
_NUMBER = Form(
    "“%(value)s” has %(length)s characters; 1 to 19 letters A-Z, a-z and digits are due.",
    "[A-Za-z0-9]{1,19}",
)
_COMPUTED = Form("“%(value)s” cannot be given: the checksum follows from the rest.", "(?!)")

_BENEFICIARY = Template(
    {
        "00": Field("bank number", digits(6), required=True),
        "01": Field("account number", _NUMBER, required=True),
    }
)
_VIETQR = Template(
    {
        "00": Field("scheme", choice(_GUID), required=True),
        "01": Field("beneficiary", required=True, template=_BENEFICIARY),
        "02": Field("service code", choice(TO_ACCOUNT, TO_CARD, PUSH, CASH)),
    }
)
_ADDITIONAL = Template(
    {
        "01": Field("bill number", text(25)),
        "02": Field("mobile number", text(25)),
        "03": Field("store", text(25)),
        "04": Field("loyalty number", text(25)),
        "05": Field("reference", text(25)),
        "06": Field("customer", text(25)),
        "07": Field("terminal", text(25)),
        "08": Field("purpose", text(LONGEST_PURPOSE)),
        "09": Field("requested data", Form("“%(value)s” is not 1 to 3 of A, M, E.", "[AME]{1,3}")),
    },
    open=True,
)
#: The only template whose texts may be in any alphabet.
_LANGUAGE = Template(
    {
        "00": Field(
            "language", Form("“%(value)s” is not 2 letters.", "[A-Za-z]{2}"), required=True
        ),
        "01": Field(
            "merchant name",
            letters(25),
            required=True,
        ),
        "02": Field("merchant city", letters(15)),
    },
    open=True,
)
_ROOT = Template(
    {
        "00": Field("payload format", choice("01"), required=True),
        _INITIATION: Field("point of initiation", choice(_STATIC, _DYNAMIC), required=True),
        "38": Field("VietQR", required=True, template=_VIETQR),
        "52": Field("merchant category", digits(4)),
        "53": Field("currency", choice(_DONG), required=True),
        _AMOUNT: Field("amount", _MONEY),
        "55": Field("tip indicator", choice("01", "02", "03")),
        "56": Field("fixed fee", _MONEY),
        "57": Field("fee in percent", _PERCENT),
        "58": Field("country", choice(_VIETNAM), required=True),
        _PAYEE: Field("merchant name", text(25)),
        _CITY: Field("merchant city", text(15)),
        "61": Field("postal code", text(10)),
        "62": Field("additional data", template=_ADDITIONAL),
        "63": Field("checksum", _COMPUTED),
        "64": Field("language template", template=_LANGUAGE),
    },
    open=True,
)
#: Which tip indicator (55) calls for which object, and no other does.
_TIPS = {"02": "56", "03": "57"}


@dataclass(frozen=True, slots=True)
class Remark:
    """What is odd about a code that is valid; `message` is a template for `parts`, as in errors."""

    message: str
    parts: dict[str, object]

    def __str__(self) -> str:
        return self.message % self.parts


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a code asks for. Empty texts are not in the code.

    A code proves nothing: the payer may change amount and purpose in the bank application, and
    nothing in the scheme makes a dynamic code expire or serve once.
    """

    #: the bank's six digits
    bin: str
    #: account, card or virtual account, at most 19 letters and digits, in its own case
    account: str
    #: whole dong; None lets the payer type it
    amount: int | None = None
    #: becomes the transfer's text, at most 25 characters; "***" asks the payer for it
    purpose: str = ""
    payee: str = ""
    city: str = ""
    #: printed once for many payers (11) instead of made for one (12)
    static: bool = False
    service: str = TO_ACCOUNT
    #: path → value of every other object, in ascending order
    others: tuple[tuple[str, str], ...] = ()

    @property
    def bank(self) -> Bank | None:
        """The bank, if it is in our list."""
        return banks().get(self.bin)

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """An unknown bank, an amount that no fast transfer carries: odd, and no reason to refuse."""
        found = []
        if self.bank is None:
            found.append(Remark("Bank number %(bin)s is in no list of ours.", {"bin": self.bin}))
        if self.amount is not None and self.amount >= TRANSFER_LIMIT:
            limit = f"{TRANSFER_LIMIT:,}"
            found.append(
                Remark("A fast transfer carries less than %(limit)s dong.", {"limit": limit})
            )
        return tuple(found)


def encode(transfer: Transfer) -> str:
    """The payload of a transfer, its objects in ascending order.

    Nothing is cut or folded: `fold` and `capitals` do that, before. Raises `InvalidPayload` naming
    the object that is too long, empty or not allowed, also when a whole template exceeds 99.
    """
    leaves = {
        "00": "01",
        _INITIATION: _STATIC if transfer.static else _DYNAMIC,
        "38.00": _GUID,
        _BIN: transfer.bin,
        _ACCOUNT: transfer.account,
        _SERVICE: transfer.service,
        "53": _DONG,
        _AMOUNT: "" if transfer.amount is None else str(transfer.amount),
        "58": _VIETNAM,
        _PAYEE: transfer.payee,
        _CITY: transfer.city,
        _PURPOSE: transfer.purpose,
    }
    optional = (_SERVICE, _AMOUNT, _PAYEE, _CITY, _PURPOSE)
    given = {path: value for path, value in leaves.items() if value or path not in optional}
    written = {**dict(transfer.others), **given}
    _check_tip(written, None)
    return seal(_ROOT.write(written, Place(at=None)))


def decode(payload: str) -> Transfer:
    """What a payload asks for; ``encode`` of it is the payload again, in ascending order.

    Raises `InvalidPayload`: a broken row of objects at any depth, a wrong checksum, no VietQR object,
    another currency or country, or a value that its object may not have.
    """
    leaves = _ROOT.read(unseal(payload), PAYLOAD)
    _check_tip(leaves, 1)
    for fixed in ("00", "38.00", "53", "58"):
        del leaves[fixed]
    amount = leaves.pop(_AMOUNT, None)
    return Transfer(
        bin=leaves.pop(_BIN),
        account=leaves.pop(_ACCOUNT),
        amount=None if amount is None else int(amount.rstrip(".")),
        purpose=leaves.pop(_PURPOSE, ""),
        payee=leaves.pop(_PAYEE, ""),
        city=leaves.pop(_CITY, ""),
        static=leaves.pop(_INITIATION) == _STATIC,
        service=leaves.pop(_SERVICE, ""),
        others=tuple(sorted(leaves.items())),
    )


def _check_tip(leaves: dict[str, str], at: int | None) -> None:
    """A fee stands there if and only if the tip indicator calls for it."""
    for indicator, path in _TIPS.items():
        if (path in leaves) != (leaves.get("55") == indicator):
            raise InvalidPayload(
                "It stands there if and only if object 55 is %(indicator)s.",
                Place(path, _ROOT.fields[path].name, at),
                indicator=indicator,
            )


def plain(words: str) -> str:
    """Vietnamese without its marks: "Đỗ xe ở Lý Thường Kiệt" → "Do xe o Ly Thuong Kiet"."""
    apart = unicodedata.normalize("NFD", words.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def fold(purpose: str) -> str:
    """A purpose as it survives every bank: letters A-Z and a-z, digits and spaces. Its length is not
    touched: cutting it could cut a payment code."""
    return re.sub("[^A-Za-z0-9 ]", "", plain(purpose)).strip()


def capitals(name: str) -> str:
    """A payee's or a city's name in upper case without marks, as banks show names."""
    return plain(name).upper().strip()
