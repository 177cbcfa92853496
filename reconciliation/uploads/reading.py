"""Whether a file may be believed for this account, before anything of it is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from payments.models import MerchantAccount
from payments.provider import InvalidStatement
from reconciliation.statements import (
    BankStatement,
    Expected,
    SettlementFile,
    format_of,
    read_bank_statement,
    read_settlement_file,
)
from reconciliation.statements.layout import layout_of
from reconciliation.statements.vocabulary import BANK, SETTLEMENT
from reconciliation.uploads.arriving import arrivals_of
from reconciliation.uploads.mappings import candidates
from reconciliation.uploads.meaning import Row, rows_of
from reconciliation.uploads.models import StatementMapping, Upload

#: Days one file may speak for; more is a mistake in its dates.
LONGEST = timedelta(days=400)


class GapBetweenStatements(Conflict):
    """Balances of neighbouring statements that do not continue one another: something is missing
    between them. A person may confirm that it is known."""


class NoMapping(WrongUsage):
    """A file for an account of which nobody said how its files are read, or where it is paid out."""


def collects_into(account: MerchantAccount) -> tuple[str, ...]:
    """The bank account numbers of `account`, its main one first; none for rails that have none."""
    more = account.settings.get("virtual_accounts") or ()
    listed = re.split(r"[,\s]+", more) if isinstance(more, str) else more
    named = [account.settings.get("account"), *(listed if isinstance(listed, list | tuple) else ())]
    return tuple(number for name in named if name and (number := bare(str(name))))


def bare(number: str) -> str:
    """An account number without what people write between its digits, in upper case."""
    return re.sub("[^A-Z0-9]", "", number.upper())


#: What providers call the merchant: the settings that must name the account a file is about.
MERCHANT_SETTINGS = ("tmn_code", "partner_code", "app_id", "client_id", "merchant")


def means_of(account: MerchantAccount, raw: bytes) -> str:
    """What a file handed in for `account` is when nobody says it: of an account that collects into a
    bank account the bank's statement, else the provider's settlement file."""
    bank = collects_into(account) or format_of(raw) in ("MT940", "camt.053")
    return BANK if bank else SETTLEMENT


def read_for(
    account: MerchantAccount, name: str, raw: bytes, by: StatementMapping | None, now: datetime
) -> BankStatement:
    """The bank statement `raw`, read by a version of the account's mapping, or as banks usually write.
    Of an account that a company pays out, the mapping says at which bank account.

    Raises `NoMapping` when it does not, and `InvalidStatement` for a file that is not whole or not
    consistent, is about another bank account or currency, speaks for more than `LONGEST`, or tells
    of days to come.
    """
    statement = read_bank_statement(name, raw, by.mapping if by else None)
    numbers = collects_into(account) or (_paid_into(account, by),)
    if bare(statement.account) not in numbers:
        raise InvalidStatement(
            "%(file)s is about bank account %(found)s, but %(account)s collects into %(numbers)s:"
            " the whole file is refused.",
            file=name, found=statement.account, account=account.slug, numbers=", ".join(numbers),
        )  # fmt: skip
    if statement.currency != account.currency:
        raise InvalidStatement(
            "%(file)s is in %(found)s, but %(account)s collects %(currency)s: the whole file is"
            " refused.",
            file=name, found=statement.currency, account=account.slug, currency=account.currency,
        )  # fmt: skip
    refuse_long(name, statement.since, statement.until)
    _refuse_future(name, statement, now)
    return statement


def _paid_into(account: MerchantAccount, by: StatementMapping | None) -> str:
    """The number of the bank account at which payouts of `account` arrive. Raises `NoMapping`."""
    number = layout_of(by.mapping).account if by else ""
    if not number:
        raise NoMapping(
            "Nobody has said yet at which bank account the payouts of %(account)s arrive: write its"
            " number into the mapping of its bank statements first.",
            account=account.slug,
        )
    return bare(number)


def told_rows(
    account: MerchantAccount, statement: BankStatement, by: StatementMapping | None
) -> Sequence[Row]:
    """Every entry of a bank's statement as what it is to `account`, oldest first: money of its own,
    or the arrival of its payouts."""
    if collects_into(account):
        return rows_of(statement)
    return arrivals_of(statement, layout_of(by.mapping if by else None))


def settlement_for(
    account: MerchantAccount, name: str, raw: bytes, by: StatementMapping | None, now: datetime
) -> SettlementFile:
    """Begin to read the provider's file `raw` by a version of the account's mapping, or, while it
    has none, by whichever mapping of its rail knows the table. Raises as `read_for` does, at the latest
    after the file's last line, and `NoMapping`."""
    choices: list[Mapping[str, object]] = [by.mapping] if by else list(candidates(account))
    if not choices:
        raise NoMapping(
            "Nobody has said yet how the files of %(account)s are read: write its mapping first.",
            account=account.slug,
        )
    refused: list[InvalidStatement] = []
    for choice in choices:
        try:
            return read_settlement_file(name, raw, choice, _expected(account, choice, now))
        except InvalidStatement as reason:
            refused.append(reason)
    raise refused[0]


def _expected(account: MerchantAccount, mapping: Mapping[str, object], now: datetime) -> Expected:
    own = (account.settings.get(name) for name in MERCHANT_SETTINGS)
    said = mapping.get("account")
    numbers = {bare(str(number)) for number in ([said] if said else own) if number}
    return Expected(frozenset(numbers), account.currency, business_day(now))


def refuse_long(name: str, since: date, until: date) -> None:
    """Raises `InvalidStatement` for a period of more than `LONGEST`."""
    if until - since > LONGEST:
        raise InvalidStatement(
            "%(file)s speaks for %(since)s to %(until)s, more than %(days)s days: the whole file is"
            " refused.",
            file=name, since=since, until=until, days=LONGEST.days,
        )  # fmt: skip


def _refuse_future(name: str, statement: BankStatement, now: datetime) -> None:
    today = business_day(now)
    coming = [entry for entry in statement.entries if entry.booked_on > today]
    if coming:
        raise InvalidStatement(
            "%(file)s, line %(line)s is of %(day)s, which is still to come: the whole file is"
            " refused.",
            file=name, line=coming[0].line, day=coming[0].booked_on,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Gap:
    """Two neighbouring statements and the balances that should be one."""

    before: str
    closing: int
    after: str
    opening: int

    def refuse(self) -> None:
        """Raises `GapBetweenStatements`."""
        raise GapBetweenStatements(
            "%(before)s closes with %(closing)s, but %(after)s opens with %(opening)s: a statement"
            " between them is missing, or one of them is wrong. Confirm this to go on.",
            before=self.before, closing=self.closing, after=self.after, opening=self.opening,
        )  # fmt: skip


def gaps(tx: Session, upload: Upload) -> list[Gap]:
    """Where `upload` does not continue the accepted statement that ends before it begins, or is not
    continued by the one that begins after it ends. Days without a statement between two are no gap
    while the balances agree: nothing happened in them, or it was undone."""
    if upload.means != BANK:
        return []
    known = select(Upload).where(
        Upload.account_id == upload.account_id,
        Upload.number == upload.number,
        Upload.means == BANK,
        Upload.state != "offered",
        Upload.id != upload.id,
    )
    earlier = known.where(Upload.until < upload.since).order_by(Upload.until.desc())
    later = known.where(Upload.since > upload.until).order_by(Upload.since)
    before, after = tx.scalar(earlier.limit(1)), tx.scalar(later.limit(1))
    pairs = [(before, upload)] if before else []
    pairs += [(upload, after)] if after else []
    return [
        Gap(one.name, one.closing, two.name, two.opening)
        for one, two in pairs
        if one.closing != two.opening
    ]
