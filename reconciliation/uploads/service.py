"""Handing in a file: offer it, confirm it, let it be recorded.

Five thousand rows in one transaction would keep every driver waiting, so they are recorded in small
steps (`recorders`), each together with the count of what is done. Whoever dies in between leaves whole
chunks behind, and whoever comes next (the same file again, the button on its page, or the timetable) goes
on there. Two who hand in the same file at once share one upload and take turns.
"""

from __future__ import annotations

import hashlib
import uuid
from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from payments import audit
from payments.accounts import Gateways
from payments.db import add_now, insert_once, new_id
from payments.errors import NotFound
from payments.models import MerchantAccount
from reconciliation.service import reconcile
from reconciliation.turns import alone
from reconciliation.uploads.mappings import current
from reconciliation.uploads.models import Upload, UploadBody
from reconciliation.uploads.reading import gaps, means_of
from reconciliation.uploads.recorders import Recorder, facts_of, recorder_of

#: So long after a statement was confirmed, somebody should have recorded it.
PATIENCE = timedelta(minutes=5)


def offer(
    db: sessionmaker[Session],
    account: MerchantAccount,
    name: str,
    raw: bytes,
    actor: str,
    now: datetime,
    means: str = "",
) -> Upload:
    """Read the file and keep it, so that it can be looked at and confirmed; nothing is recorded.

    `means` is ``bank`` or ``settlement``; empty: as the account has it. The same bytes again are the
    same upload, wherever it stands by then; while it is only offered, the account's present mapping
    reads it anew. Raises `InvalidStatement` when the file cannot be believed; then nothing of it
    is stored.
    """
    means = means or means_of(account, raw)
    with db() as tx:
        mapping = current(tx, account, means)
    facts = facts_of(account, name, raw, means, mapping, now)
    said = {"means": means, "mapping_id": mapping.id if mapping else None, **facts}
    upload = Upload(
        id=new_id(), account_id=account.id, name=name, sha256=hashlib.sha256(raw).hexdigest(),
        state="offered", recorded=0, tally={}, offered_by=actor, offered_at=now, **said,
    )  # fmt: skip
    with db.begin() as tx:
        if insert_once(tx, upload):
            add_now(tx, UploadBody, {"upload_id": upload.id, "body": raw})
        same = (Upload.account_id == account.id, Upload.sha256 == upload.sha256)
        tx.execute(update(Upload).where(*same, Upload.state == "offered").values(said))
        return tx.scalars(select(Upload).where(*same)).one()


def upload_by_id(tx: Session, upload_id: uuid.UUID) -> tuple[Upload, MerchantAccount]:
    """An upload and its account. Raises `NotFound`."""
    upload = tx.get(Upload, upload_id)
    if upload is None:
        raise NotFound("There is no such file.")
    return upload, tx.get_one(MerchantAccount, upload.account_id)


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
        recorder = recorder_of(tx, upload, account, now)
    while upload.state == "begun":
        upload = _record_chunk(db, account, upload.id, recorder, now)
        yield upload
    if upload.state == "stored":
        yield _compare(db, gateways, account, upload, recorder, now)


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
    recorder: Recorder,
    now: datetime,
) -> Upload:
    """One chunk; all of it or nothing."""
    with db.begin() as tx:
        alone(tx, account.id)
        upload = tx.get_one(Upload, upload_id, populate_existing=True)
        if upload.state == "begun":
            recorder.step(tx, upload, now)
        return upload


def _compare(
    db: sessionmaker[Session],
    gateways: Gateways,
    account: MerchantAccount,
    upload: Upload,
    recorder: Recorder,
    now: datetime,
) -> Upload:
    for day in recorder.days:
        reconcile(db, gateways, account, day, now)
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
    means: str = "",
    despite_gap: bool = False,
) -> Iterator[Upload]:
    """Offer, confirm and record a statement in one go; the upload before the first and after every
    step. Raises what `offer` and `confirm` raise."""
    upload = offer(db, account, name, raw, actor, now, means)
    confirm(db, upload.id, actor, now, despite_gap=despite_gap)
    with db() as tx:
        yield tx.get_one(Upload, upload.id)
    yield from carry_on(db, gateways, upload.id, now)
