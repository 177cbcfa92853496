"""Handing in a bank statement: offer it, confirm it, let it be recorded.

Five thousand rows in one transaction would keep every driver waiting, so they are recorded `CHUNK`
at a time, each chunk together with the count of what is done. Whoever dies in between leaves whole
chunks behind, and whoever comes next (the same file again, the button on its page, or the timetable) goes
on there. Two who hand in the same file at once share one upload and take turns.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from payments import audit
from payments.accounts import Gateways
from payments.db import add_now, business_day, insert_once, new_id
from payments.errors import NotFound
from payments.models import MerchantAccount
from reconciliation.models import SETTLEMENT, Upload, UploadBody
from reconciliation.service import reconcile
from reconciliation.statements import BankStatement
from reconciliation.storing import accept as accept_part
from reconciliation.turns import alone
from reconciliation.uploads.meaning import Row, rows_of
from reconciliation.uploads.naming import under_known_names
from reconciliation.uploads.parts import DAY, parts_of
from reconciliation.uploads.reading import bare, collects_into, gaps, read_for
from reconciliation.uploads.recording import record_rows

#: Rows recorded in one transaction: about a quarter of a second on one slow core.
CHUNK = 100
#: So long after a statement was confirmed, somebody should have recorded it.
PATIENCE = timedelta(minutes=5)


def offer(
    db: sessionmaker[Session],
    account: MerchantAccount,
    name: str,
    raw: bytes,
    actor: str,
    now: datetime,
) -> Upload:
    """Read the file and keep it, so that it can be looked at and confirmed; nothing is recorded.

    The same bytes again are the same upload, wherever it stands by then. Raises `InvalidStatement`
    when the file cannot be believed; then nothing of it is stored.
    """
    statement = read_for(account, name, raw, now)
    upload = Upload(
        id=new_id(),
        account_id=account.id,
        name=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        number=bare(statement.account),
        since=statement.since,
        until=statement.until,
        opening=statement.opening,
        closing=statement.closing,
        entries=len(statement.entries),
        state="offered",
        recorded=0,
        tally={},
        offered_by=actor,
        offered_at=now,
    )
    with db.begin() as tx:
        if insert_once(tx, upload):
            add_now(tx, UploadBody, {"upload_id": upload.id, "body": raw})
        same = (Upload.account_id == account.id, Upload.sha256 == upload.sha256)
        return tx.scalars(select(Upload).where(*same)).one()


def upload_by_id(tx: Session, upload_id: uuid.UUID) -> tuple[Upload, MerchantAccount]:
    """An upload and its account. Raises `NotFound`."""
    upload = tx.get(Upload, upload_id)
    if upload is None:
        raise NotFound("There is no such bank statement.")
    return upload, tx.get_one(MerchantAccount, upload.account_id)


def statement_of(tx: Session, upload: Upload, account: MerchantAccount) -> BankStatement:
    """The statement as it was handed in."""
    return read_for(account, upload.name, body_of(tx, upload), upload.offered_at)


def body_of(tx: Session, upload: Upload) -> bytes:
    """The bytes of an upload."""
    return tx.get_one(UploadBody, upload.id).body


def confirm(
    db: sessionmaker[Session],
    upload_id: uuid.UUID,
    actor: str,
    now: datetime,
    *,
    despite_gap: bool = False,
) -> None:
    """Believe an offered statement; it is then recorded by `carry_on`. A repeat changes nothing.

    Raises `GapBetweenStatements` when its balances do not continue those of its neighbours, unless
    `despite_gap` says that this is known; the audit then keeps both balances.
    """
    with db.begin() as tx:
        upload = tx.get_one(Upload, upload_id)
        alone(tx, upload.account_id)
        tx.refresh(upload)
        if upload.state != "offered":
            return
        found = gaps(tx, upload)
        for gap in found:
            if not despite_gap:
                gap.refuse()
        upload.state, upload.confirmed_by, upload.confirmed_at = "begun", actor, now
        detail: dict[str, object] = {
            "file": upload.name, "sha256": upload.sha256, "entries": upload.entries,
            "gaps": [[gap.before, gap.closing, gap.after, gap.opening] for gap in found],
        }  # fmt: skip
        audit.append(tx, actor, "statement.confirm", str(upload.id), detail, now)


def carry_on(
    db: sessionmaker[Session], gateways: Gateways, upload_id: uuid.UUID, now: datetime
) -> Iterator[Upload]:
    """Record what is still to be recorded of a confirmed statement, store its lines, compare its
    days; the upload after every step. Whoever stops asking leaves the rest to the next caller."""
    with db() as tx:
        upload, account = upload_by_id(tx, upload_id)
        statement = statement_of(tx, upload, account)
        rows = under_known_names(tx, account, rows_of(statement))
    while upload.state == "begun":
        upload = _record_chunk(db, account, upload.id, (statement, rows), now)
        yield upload
    if upload.state == "stored":
        yield _compare(db, gateways, account, upload, now)


def carry_on_abandoned(db: sessionmaker[Session], gateways: Gateways, now: datetime) -> int:
    """Record and compare what is left of confirmed statements whose recorder is gone; of how many.
    One that is still at work takes turns with us."""
    with db() as tx:
        left = tx.scalars(
            select(Upload.id)
            .where(Upload.state.in_(("begun", "stored")), Upload.confirmed_at < now - PATIENCE)
            .order_by(Upload.id)
        ).all()
    for upload_id in left:
        deque(carry_on(db, gateways, upload_id, now), maxlen=0)
    return len(left)


def _record_chunk(
    db: sessionmaker[Session],
    account: MerchantAccount,
    upload_id: uuid.UUID,
    read: tuple[BankStatement, tuple[Row, ...]],
    now: datetime,
) -> Upload:
    """One chunk, and with the last one the lines; all of it or nothing."""
    statement, rows = read
    with db.begin() as tx:
        alone(tx, account.id)
        upload = tx.get_one(Upload, upload_id, populate_existing=True)
        if upload.state != "begun":
            return upload
        some = rows[upload.recorded : upload.recorded + CHUNK]
        counted = Counter(upload.tally) + record_rows(tx, account, some, now)
        upload.tally, upload.recorded = dict(counted), upload.recorded + len(some)
        if upload.recorded == upload.entries:
            whole = upload.number == collects_into(account)[0]
            today = business_day(now)
            for part in parts_of(upload.name, statement, rows, today, whole=whole):
                accept_part(tx, account.id, SETTLEMENT, part.day, part, now)
            upload.state = "stored"
        return upload


def _compare(
    db: sessionmaker[Session],
    gateways: Gateways,
    account: MerchantAccount,
    upload: Upload,
    now: datetime,
) -> Upload:
    day = upload.since
    while day <= min(upload.until, business_day(now)):
        reconcile(db, gateways, account, day, now)
        day += DAY
    with db.begin() as tx:
        done = tx.get_one(Upload, upload.id)
        done.state = "done"
        return done


def accept(
    db: sessionmaker[Session],
    gateways: Gateways,
    account: MerchantAccount,
    name: str,
    raw: bytes,
    actor: str,
    now: datetime,
    *,
    despite_gap: bool = False,
) -> Iterator[Upload]:
    """Offer, confirm and record a statement in one go; the upload before the first and after every
    step. Raises what `offer` and `confirm` raise."""
    upload = offer(db, account, name, raw, actor, now)
    confirm(db, upload.id, actor, now, despite_gap=despite_gap)
    with db() as tx:
        yield tx.get_one(Upload, upload.id)
    yield from carry_on(db, gateways, upload.id, now)
