"""What was written down stays written down; only its words may be forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, inspect, select, text
from sqlalchemy.exc import DBAPIError

from payments import audit
from payments.db import Databases
from payments.models import (
    APPEND_ONLY,
    Attachment,
    Audit,
    AuditDetail,
    Movement,
    Notice,
    NoticeBody,
)
from payments.service import record
from tests.payments.kit import House, paid_notice

NOW = datetime.fromisoformat("2026-11-20T08:00:00+07:00")
words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(words, values, max_size=4))
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_digest_proves_the_detail_as_the_database_gives_it_back(
    databases: Databases, detail: dict[str, object]
) -> None:
    with databases.write.begin() as tx:
        entry = audit.append(tx, "lan", "plate.correct", "S-1", detail, NOW)
    with databases.read() as tx:
        stored = tx.get_one(AuditDetail, entry.id)
        assert stored.detail == detail
        proof = audit.salted_digest(stored.salt, audit.encode(stored.detail))
        assert proof == tx.get_one(Audit, entry.id).digest


def test_a_changed_word_no_longer_fits_its_digest(databases: Databases) -> None:
    with databases.write.begin() as tx:
        entry = audit.append(tx, "lan", "refund.ask", "PK1", {"amount": 5_000}, NOW)
    with databases.write.begin() as tx:
        stored = tx.get_one(AuditDetail, entry.id)
        stored.detail = {"amount": 50_000}
    with databases.read() as tx:
        stored = tx.get_one(AuditDetail, entry.id)
        assert audit.salted_digest(stored.salt, audit.encode(stored.detail)) != entry.digest


def test_equal_words_have_different_digests(databases: Databases) -> None:
    """Otherwise a deleted plate could be found again by trying plates."""
    with databases.write.begin() as tx:
        digests = {audit.append(tx, "lan", "x", "S", {"p": 1}, NOW).digest for _ in range(5)}
    assert len(digests) == 5


def test_times_and_ids_are_written_as_text(databases: Databases) -> None:
    with databases.write.begin() as tx:
        entry = audit.append(tx, "lan", "entry.set", "S-1", {"before": NOW}, NOW)
    with databases.read() as tx:
        assert tx.get_one(AuditDetail, entry.id).detail == {"before": "2026-11-20 08:00:00+07:00"}


def test_forgetting_the_words_keeps_the_act(databases: Databases) -> None:
    with databases.write.begin() as tx:
        entry = audit.append(tx, "lan", "plate.correct", "S-1", {"before": "29A12345"}, NOW)
    with databases.write.begin() as tx:
        tx.execute(delete(AuditDetail))
    with databases.read() as tx:
        kept = tx.scalars(select(Audit)).one()
    assert (kept.id, kept.actor, kept.act, kept.subject) == (
        entry.id, "lan", "plate.correct", "S-1",
    )  # fmt: skip
    assert (kept.at, kept.digest) == (NOW, entry.digest)


def fail_after_writing(databases: Databases) -> None:
    with databases.write.begin() as tx:
        audit.append(tx, "lan", "x", "S-1", {}, NOW)
        tx.execute(text("INSERT INTO audit (id) VALUES (NULL)"))


def test_an_act_that_failed_leaves_no_entry(databases: Databases) -> None:
    with pytest.raises(DBAPIError):
        fail_after_writing(databases)
    with databases.read() as tx:
        assert tx.scalars(select(Audit)).all() == []


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("act", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}"])
def test_rows_about_money_and_acts_can_be_neither_changed_nor_removed(
    house: House, table: str, act: str
) -> None:
    fill(house)
    key = inspect(house.databases.engine).get_pk_constraint(table)["constrained_columns"][0]
    with house.databases.write() as tx, pytest.raises(DBAPIError, match=f"{table} is append-only"):
        tx.execute(text(act.format(table, key)))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_rows_cannot_be_replaced_or_emptied_by_a_side_door(house: House, table: str) -> None:
    fill(house)
    sqlite = house.databases.engine.dialect.name == "sqlite"
    act = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" if sqlite else (
        f"TRUNCATE {table} CASCADE"
    )  # fmt: skip
    with house.databases.write() as tx, pytest.raises(DBAPIError, match="append-only"):
        tx.execute(text(act))


def test_the_raw_bytes_of_a_notice_may_be_forgotten(house: House) -> None:
    fill(house)
    with house.databases.write.begin() as tx:
        body = tx.scalars(select(NoticeBody)).one()
        told = tx.get_one(Notice, body.notice_id)
        assert audit.salted_digest(body.salt, body.body) == told.digest
        tx.execute(delete(NoticeBody))
    assert house.count(NoticeBody) == 0
    assert house.count(Movement) == 1


def fill(house: House) -> None:
    """One row in every append-only table."""
    payment = house.start()
    with house.databases.write.begin() as tx:
        told = paid_notice(payment.code, house.now)
        record(tx, house.account, told, house.now, source="webhook", raw=b"raw")
        record(tx, house.account, replace(told, key="again"), house.now, source="poll")
        audit.append(tx, "lan", "x", "S-1", {"why": "because"}, house.now)
        movement = tx.scalars(select(Movement.id)).one()
        tx.add(
            Attachment(
                movement_id=movement, payment_id=payment.id, actor="lan", reason="x", at=house.now
            )
        )
