"""How each account's files are read: versions that are written and never changed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import audit
from payments.errors import NotFound
from payments.models import MerchantAccount
from reconciliation.statements.layout import layout_of
from reconciliation.statements.samples import STRIPE, shipped
from reconciliation.turns import alone
from reconciliation.uploads.models import StatementMapping, Upload


def history(tx: Session, account: MerchantAccount) -> Sequence[StatementMapping]:
    """Every version of the account, newest first."""
    own = StatementMapping.account_id == account.id
    return tx.scalars(
        select(StatementMapping).where(own).order_by(StatementMapping.version.desc())
    ).all()


def current(tx: Session, account: MerchantAccount, means: str) -> StatementMapping | None:
    """The version that holds for files of this meaning; None when nobody wrote one."""
    return next((found for found in history(tx, account) if found.means == means), None)


def version_of(tx: Session, account: MerchantAccount, version: int) -> StatementMapping:
    """One version. Raises `NotFound`."""
    for found in history(tx, account):
        if found.version == version:
            return found
    raise NotFound(
        "%(account)s has no mapping with the number %(version)s.",
        account=account.slug, version=version,
    )  # fmt: skip


def read_by(tx: Session, upload: Upload) -> StatementMapping | None:
    """The version that read `upload`; None when there was none."""
    return tx.get(StatementMapping, upload.mapping_id) if upload.mapping_id else None


def candidates(account: MerchantAccount) -> Iterator[Mapping[str, object]]:
    """Mappings that read files of the account's rail while nobody wrote one."""
    if account.provider == "stripe":
        yield from map(shipped, STRIPE)


def digest_of(mapping: Mapping[str, object]) -> str:
    """The SHA-256 of a mapping, in hexadecimal: databases keep JSON each in its own way."""
    return hashlib.sha256(audit.encode(dict(mapping))).hexdigest()


def write(
    db: sessionmaker[Session],
    account: MerchantAccount,
    mapping: Mapping[str, object],
    note: str,
    actor: str,
    now: datetime,
) -> StatementMapping:
    """Let `mapping` hold from now on for files of its meaning; the same again is the same version.
    Raises `InvalidMapping`."""
    means = layout_of(mapping).means
    with db.begin() as tx:
        alone(tx, account.id)
        known = current(tx, account, means)
        if known is not None and known.mapping == dict(mapping):
            return known
        newest = select(sql.max(StatementMapping.version)).where(
            StatementMapping.account_id == account.id
        )
        found = StatementMapping(
            account_id=account.id, version=(tx.scalar(newest) or 0) + 1, means=means,
            mapping=dict(mapping), digest=digest_of(mapping), note=note, by=actor, at=now,
        )  # fmt: skip
        tx.add(found)
        detail: dict[str, object] = {"version": found.version, "means": means, "note": note}
        audit.append(tx, actor, "statement.mapping", account.slug, detail, now)
        return found
