"""The files handed in for one operator, or for all, and what finance may do with them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from payments.accounts import live_accounts
from payments.errors import NotFound
from payments.models import MerchantAccount
from reconciliation.statements import format_of
from reconciliation.statements.vocabulary import BANK, SETTLEMENT
from reconciliation.uploads.mappings import read_by
from reconciliation.uploads.models import Upload
from reconciliation.uploads.preview import Preview, foresee
from reconciliation.uploads.reading import Gap, collects_into, gaps
from reconciliation.uploads.recorders import body_of, settlement_of, statement_of
from reconciliation.uploads.service import carry_on, upload_by_id
from reconciliation.uploads.settlement_preview import SettlementPreview, foresee_settlement

#: The newest are shown.
PAGE = 50
#: Rows shown before confirming.
SHOWN = 30
#: Chunks recorded for one press of the button, so that no request takes long.
CHUNKS = 5
#: A settlement file with more lines takes long enough in each of its steps to say which one it is in.
LONG = 5_000
#: More than the day of any lot makes, in the wordiest format; larger files go in by the command, because
#: reading and storing them takes longer than a browser should wait.
LARGEST_FILE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Handed:
    """An upload, its account, and what can be seen of it before it is confirmed: `preview` of a bank's
    statement, `settlement` of a provider's file."""

    upload: Upload
    account: MerchantAccount
    preview: Preview | None = None
    settlement: SettlementPreview | None = None
    format: str = ""
    gaps: Sequence[Gap] = ()


def kinds_of_files(account: MerchantAccount) -> tuple[str, ...]:
    """What may be handed in for an account, the usual first: into a till nothing is paid out."""
    if account.provider == "cash":
        return ()
    return (BANK, SETTLEMENT) if collects_into(account) else (SETTLEMENT, BANK)


def file_accounts(tx: Session, operator: str | None) -> list[MerchantAccount]:
    """The accounts that files are handed in for."""
    return [account for account in live_accounts(tx, operator) if kinds_of_files(account)]


def newest(tx: Session, operator: str | None) -> Sequence[tuple[Upload, str]]:
    """The newest uploads with the slugs of their accounts."""
    query = (
        select(Upload, MerchantAccount.slug)
        .join(MerchantAccount, MerchantAccount.id == Upload.account_id)
        .order_by(Upload.id.desc())
        .limit(PAGE)
    )
    if operator is not None:
        query = query.where(MerchantAccount.operator == operator)
    return [(row[0], row[1]) for row in tx.execute(query)]


def own(tx: Session, upload_id: uuid.UUID, operator: str | None) -> Handed:
    """One upload and its account. Raises `NotFound`, also for another operator's."""
    upload, account = upload_by_id(tx, upload_id)
    if operator not in (None, account.operator):
        raise NotFound("There is no such file.")
    return Handed(upload, account)


def handed(tx: Session, upload_id: uuid.UUID, operator: str | None, now: datetime) -> Handed:
    """One upload, looked into as long as it waits to be confirmed. Raises as `own` does."""
    found = own(tx, upload_id, operator)
    upload, account = found.upload, found.account
    if upload.state != "offered":
        return found
    named = format_of(body_of(tx, upload))
    if upload.means == SETTLEMENT:
        file = settlement_of(tx, upload, account)
        preview = foresee_settlement(tx, account, file, now, shown=SHOWN)
        return replace(found, settlement=preview, format=named)
    statement = foresee(tx, account, statement_of(tx, upload, account), read_by(tx, upload))
    return replace(found, preview=statement, format=named, gaps=gaps(tx, upload))


def go_on(house: House, upload_id: uuid.UUID) -> None:
    """Record some more of a confirmed statement: `CHUNKS` steps of `carry_on`, or the comparison, which
    of a long file begins with the next press of the button, so that its page says so first."""
    steps = carry_on(house.databases.write, house.gateways, upload_id, house.clock())
    for upload in islice(steps, CHUNKS):
        if is_long(upload) and upload.state == "stored":
            break


def is_long(upload: Upload) -> bool:
    """Whether one step of it may take as long as a day of `LONG` lines."""
    return upload.means == SETTLEMENT and upload.entries > LONG
