"""Rows that go straight to the driver are stored as those of the session are."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Date, Uuid, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from payments.bulk import _TEXTS, add_many
from payments.db import Databases, UtcDateTime
from payments.models import Audit

_offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
_instants = st.builds(lambda second, tz: datetime.fromtimestamp(second, tz),
                      st.integers(0, 2**34).map(lambda n: n / 7), _offsets)  # fmt: skip


def as_sqlalchemy(kind: TypeEngine[Any], value: object) -> object:
    dialect = sqlite.dialect()
    change = kind.dialect_impl(dialect).bind_processor(dialect)
    assert change is not None
    return change(value)


@given(_instants)
def test_an_instant_is_the_same_text(value: datetime) -> None:
    assert _TEXTS[UtcDateTime](value) == as_sqlalchemy(UtcDateTime(), value)


@given(st.dates())
def test_a_day_is_the_same_text(value: date) -> None:
    assert _TEXTS[Date](value) == as_sqlalchemy(Date(), value)


@given(st.uuids())
def test_an_id_is_the_same_text(value: uuid.UUID) -> None:
    assert _TEXTS[Uuid](value) == as_sqlalchemy(Uuid(), value)


def test_fixed_values_stand_in_every_row(databases: Databases) -> None:
    at = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)
    ids = [uuid.UUID(int=n) for n in (1, 2)]
    rows = [(ids[0], "a", "1"), (ids[1], "b", "2")]
    with databases.write.begin() as tx:
        add_many(tx, Audit, ("id", "act", "digest"), rows, {"at": at, "actor": "x", "subject": "s"})
    with databases.read() as tx:
        found = tx.execute(select(Audit.id, Audit.at, Audit.act, Audit.actor).order_by(Audit.id))
        assert found.all() == [(ids[0], at, "a", "x"), (ids[1], at, "b", "x")]
