"""`parking vietqr`: make the code of a bank transfer, and say what a code asks for."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click

from parking.commands.speech import both, in_both, tell
from parking.languages import LANGUAGES, explain, mark, translate
from payments.errors import WrongUsage
from payments.money import format_amount
from qr.emvco import InvalidPayload, shown
from qr.reading import UnreadablePicture, read_code
from qr.vietqr import Transfer, capitals, decode, encode, fold

#: More than any picture that is read can have, and the end of a device that never ends.
MOST_BYTES = 100_000_000
MOST_DONG = 9_999_999_999_999

#: Which option gave the value of an object.
OPTIONS = {
    "38.01.00": "--bank",
    "38.01.01": "--account",
    "59": "--name",
    "60": "--city",
    "62.08": "--purpose",
}
#: A payload ends in a checksum, never in a dot and the letters of a kind of file.
_LIKE_A_FILE = re.compile(r"(?:\.{0,2}/|~).*|.*\.[A-Za-z]{1,5}", re.DOTALL)


@click.group()
def vietqr() -> None:
    """Mã VietQR / VietQR codes."""


@vietqr.command("encode")
@click.option("--bank", required=True, help="The bank's number (BIN), 6 digits: 970436.")
@click.option("--account", required=True, help="Account, card or virtual account.")
@click.option("--amount", type=click.IntRange(1, MOST_DONG), help="Whole dong.")
@click.option(
    "--purpose", default="", help="Text of the transfer, 25 characters; marks are dropped."
)
@click.option("--name", default="", help="The payee's name, 25 characters; marks are dropped.")
@click.option("--city", default="", help="The payee's city, 15 characters; marks are dropped.")
@click.option("--static", is_flag=True, help="For many payers; always so without --amount.")
def make(
    bank: str, account: str, amount: int | None,
    purpose: str, name: str, city: str, static: bool,
) -> None:  # fmt: skip
    """Tạo nội dung mã VietQR / Print the payload of a transfer."""
    transfer = Transfer(
        bin=bank,
        account=account,
        amount=amount,
        purpose=_kept("--purpose", purpose, fold),
        payee=_kept("--name", name, capitals),
        city=_kept("--city", city, capitals),
        static=static or amount is None,
    )
    try:
        payload = encode(transfer)
    except InvalidPayload as error:
        place = OPTIONS.get(error.place.path, error.place.path)
        reasons = [f"{place}: {explain(error, language)}" for language in LANGUAGES]
        raise _ended(reasons, 2) from error
    click.echo(payload)
    _remark(transfer)


def _kept(option: str, words: str, cleaned: Callable[[str], str]) -> str:
    """What is left of `words` without marks. Raises `WrongUsage` when something was, and nothing is."""
    kept = cleaned(words)
    if words and not kept:
        raise WrongUsage(
            mark("%(name)s %(value)s has no letter A-Z and no digit that a bank would keep."),
            name=option,
            value=words,
        )
    return kept


@vietqr.command("decode")
@click.argument("payload_or_image")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
def read(payload_or_image: str, as_json: bool) -> None:
    """Đọc mã VietQR từ chuỗi hoặc ảnh / Show what a payload or a picture asks for."""
    try:
        transfer = decode(_payload(payload_or_image))
    except InvalidPayload as error:
        raise _ended([_sentence(error, language) for language in LANGUAGES], 1) from error
    if as_json:
        click.echo(json.dumps(plain(transfer), ensure_ascii=False))
        return
    for line in describe(transfer):
        click.echo(line)
    _remark(transfer)


def _payload(given: str) -> str:
    """The payload itself, or the one on the picture of that name."""
    if not os.path.exists(given) and not _LIKE_A_FILE.fullmatch(given):
        return given
    try:
        with Path(given).open("rb") as file:
            picture = file.read(MOST_BYTES)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be read: %(reason)s."), path=given, reason=error.strerror
        ) from error
    try:
        return read_code(picture)
    except UnreadablePicture as error:
        reasons = [f"{given}: {explain(error, language)}" for language in LANGUAGES]
        raise _ended(reasons, 1) from error


def _ended(reasons: Sequence[str], code: int) -> click.exceptions.Exit:
    """The end of the command, after the reason was said in Vietnamese and in English."""
    click.echo(in_both(*reasons), err=True)
    return click.exceptions.Exit(code)


def _sentence(error: InvalidPayload, language: str) -> str:
    """What is wrong with a payload that was read, and where."""
    place = error.place
    name = translate(place.name, language)
    said = f"{place.path} ({name})" if place.path else name
    where = translate(mark("%(place)s, character %(at)s"), language, place=said, at=place.at)
    return f"{where}: {explain(error, language)}"


def _remark(transfer: Transfer) -> None:
    for remark in transfer.remarks:
        tell(remark.message, **remark.parts)


def plain(transfer: Transfer) -> dict[str, object]:
    """The code for scripts: amounts in dong, texts that are not in it are empty."""
    bank = transfer.bank
    return {
        "static": transfer.static,
        "bin": transfer.bin,
        "bank": bank.short_name if bank else None,
        "account": transfer.account,
        "service": transfer.service,
        "amount": transfer.amount,
        "currency": "VND",
        "purpose": transfer.purpose,
        "name": transfer.payee,
        "city": transfer.city,
        "others": dict(transfer.others),
        "remarks": [str(remark) for remark in transfer.remarks],
    }


def describe(transfer: Transfer) -> Iterator[str]:
    """The code for a person, one line to a field that is there; nothing in it moves the cursor."""
    bank, amount = transfer.bank, transfer.amount
    kind = mark("static, for many payers") if transfer.static else mark("dynamic, for one payment")
    lines = {
        mark("Kind of code"): both(kind),
        mark("Bank"): f"{transfer.bin} {bank.short_name} ({bank.name})" if bank else transfer.bin,
        mark("Account number"): transfer.account,
        mark("Service code"): transfer.service,
        mark("Amount"): "" if amount is None else format_amount(amount),
        mark("Purpose"): transfer.purpose,
        mark("Payee"): transfer.payee,
        mark("City"): transfer.city,
        **{path: shown(value) for path, value in transfer.others},
    }
    return (f"{both(label)}: {value}" for label, value in lines.items() if value)
