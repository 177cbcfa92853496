"""Time-ordered ids made by the database, for rows that are born inside an INSERT … SELECT."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, String, Uuid, cast, literal, type_coerce
from sqlalchemy import func as sql
from sqlalchemy.orm import Session


def fresh_ids(tx: Session, now: datetime) -> ColumnElement[uuid.UUID]:
    """A new UUIDv7 (RFC 9562 §5.7) for every row: the milliseconds of `now`, then random bits."""
    milliseconds = f"{int(now.timestamp() * 1000):012x}"
    if tx.get_bind().dialect.name == "postgresql":
        prefix = literal(f"{milliseconds[:8]}-{milliseconds[8:]}-7")
        # a version 4 id in its text form carries random digits from its 16th character on
        tail = sql.substr(cast(sql.gen_random_uuid(), String), 16, type_=String)
        return cast(prefix.concat(tail), Uuid)
    digits = literal(f"{milliseconds}7") + _random_digits(3) + "8" + _random_digits(15)
    return type_coerce(digits, Uuid)


def _random_digits(count: int) -> ColumnElement[str]:
    """`count` random hexadecimal digits, on SQLite."""
    drawn = sql.lower(sql.hex(sql.randomblob((count + 1) // 2)))
    return sql.substr(drawn, 1, count, type_=String)
