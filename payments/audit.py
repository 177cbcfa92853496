"""Who did what: one append-only trail for every package. A failed write fails the act."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from payments.models import Audit, AuditDetail


def salted_digest(salt: bytes, content: bytes) -> str:
    """SHA-256 of salt and content: provable while the salt is kept, silent once it is deleted."""
    return hashlib.sha256(salt + content).hexdigest()


def encode(detail: dict[str, object]) -> bytes:
    """The canonical bytes of a detail, the same on every database."""
    return json.dumps(detail, sort_keys=True, ensure_ascii=False, default=str).encode()


def append(
    tx: Session, actor: str, act: str, subject: str, detail: dict[str, object], now: datetime
) -> Audit:
    """Write down that `actor` did `act` to `subject`; `detail` may hold before, after and reason."""
    salt = secrets.token_bytes(16)
    content = encode(detail)
    entry = Audit(
        at=now, actor=actor, act=act, subject=subject, digest=salted_digest(salt, content)
    )
    tx.add(AuditDetail(audit=entry, salt=salt, detail=json.loads(content)))
    return entry
