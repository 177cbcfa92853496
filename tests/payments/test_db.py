"""Instants, ids and units of work behave alike on both databases."""

from __future__ import annotations

import socket
import time
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError

from payments.db import Databases, as_stored, business_day, connect, in_utc, insert_once, new_id
from payments.models import Audit, MerchantAccount
from tests.payments.kit import at_once

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)

zones = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
instants = st.builds(
    lambda microseconds, zone: (NOON + timedelta(microseconds=microseconds)).astimezone(zone),
    st.integers(-(10**15), 10**15),
    zones,
)


def entry(at: datetime, subject: str = "S-1") -> Audit:
    return Audit(at=at, actor="lan", act="x", subject=subject, digest="0")


def account(slug: str) -> MerchantAccount:
    return MerchantAccount(
        slug=slug, operator="An Binh", provider="x", mode="test", settings={}, secrets=[],
        created_at=NOON,
    )  # fmt: skip


@given(instants)
@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_an_instant_comes_back_as_the_same_instant_in_utc(
    databases: Databases, instant: datetime
) -> None:
    with databases.write.begin() as tx:
        row = entry(instant)
        tx.add(row)
    with databases.read() as tx:
        stored = tx.scalar(select(Audit.at).where(Audit.id == row.id))
        raw = tx.scalar(select(as_stored(Audit.at)).where(Audit.id == row.id))
    assert stored == instant == in_utc(raw)
    assert stored is not None
    assert stored.utcoffset() == timedelta(0)


def test_a_naive_datetime_is_refused_going_in_and_in_questions(databases: Databases) -> None:
    naive = NOON.replace(tzinfo=None)
    with databases.write() as tx:
        tx.add(entry(naive))
        with pytest.raises(StatementError, match="naive datetime"):
            tx.flush()
    with databases.read() as tx, pytest.raises(StatementError, match="naive datetime"):
        tx.scalars(select(Audit).where(Audit.at < naive)).all()


def test_no_instant_is_no_instant(databases: Databases) -> None:
    with databases.write.begin() as tx:
        tx.add(account("an-binh"))
    with databases.read() as tx:
        assert tx.scalar(select(MerchantAccount.retired_at)) is None


def test_instants_sort_alike_whatever_zone_they_came_in(databases: Databases) -> None:
    hanoi = timezone(timedelta(hours=7))
    with databases.write.begin() as tx:
        for n in (3, 1, 2):
            at = (NOON + timedelta(microseconds=n)).astimezone(hanoi if n == 2 else UTC)
            tx.add(entry(at, str(n)))
    with databases.read() as tx:
        assert list(tx.scalars(select(Audit.subject).order_by(Audit.at))) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 20, 16, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 17, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2028, 2, 28, 17, 0, tzinfo=UTC), date(2028, 2, 29)),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), date(2027, 1, 1)),
    ],
)
def test_a_business_day_is_a_day_in_hanoi(instant: datetime, day: date) -> None:
    assert business_day(instant) == day


def test_ids_are_version_seven_and_carry_their_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = [new_id() for _ in range(500)]
    after = time.time_ns() // 1_000_000
    assert {(i.version, i.variant) for i in made} == {(7, "specified in RFC 4122")}
    assert all(before <= i.int >> 80 <= after for i in made)
    assert len(set(made)) == 500


def test_ids_made_later_sort_later() -> None:
    """To the quarter of a microsecond; made within one, their order is chance."""
    made = [new_id().int >> 64 for _ in range(500)]
    assert made == sorted(made)
    assert len(set(made)) > 100


def test_a_row_is_inserted_once_and_the_second_try_spoils_nothing(databases: Databases) -> None:
    with databases.write.begin() as tx:
        assert insert_once(tx, account("an-binh")) is True
        assert insert_once(tx, account("an-binh")) is False
        assert insert_once(tx, account("hoa-mai")) is True
    with databases.read() as tx:
        assert sorted(tx.scalars(select(MerchantAccount.slug))) == ["an-binh", "hoa-mai"]


def test_what_breaks_another_rule_is_not_swallowed(databases: Databases) -> None:
    wrong = account("an-binh")
    wrong.mode = "pretend"
    with databases.write() as tx, pytest.raises(IntegrityError):
        insert_once(tx, wrong)


def test_twenty_at_once_insert_one(databases: Databases) -> None:
    def insert() -> bool:
        with databases.write.begin() as tx:
            return insert_once(tx, account("an-binh"))

    assert sorted(map(str, at_once([insert] * 20))) == ["False"] * 19 + ["True"]


def test_read_modify_write_in_threads_loses_nothing_on_sqlite(sqlite_url: str) -> None:
    """The driver alone would not BEGIN before the SELECT, and nearly every update would vanish."""
    databases = connect(sqlite_url)
    with databases.write.begin() as tx:
        row = account("an-binh")
        row.settings = {"n": 0}
        tx.add(row)

    def count_up() -> None:
        with databases.write.begin() as tx:
            mine = tx.get_one(MerchantAccount, row.id)
            mine.settings = {"n": mine.settings["n"] + 1}

    assert set(at_once([count_up] * 25)) == {None}
    with databases.read() as tx:
        assert tx.get_one(MerchantAccount, row.id).settings == {"n": 25}
    databases.dispose()


def test_a_reader_does_not_wait_for_a_writer(databases: Databases) -> None:
    with databases.write.begin() as writing:
        writing.add(account("an-binh"))
        writing.flush()
        with databases.read() as tx:
            assert tx.scalars(select(MerchantAccount)).all() == []


def test_a_second_writer_on_sqlite_gives_up_after_the_wait(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.db.LOCK_WAIT_SECONDS", 0.1)
    databases = connect(sqlite_url)
    with databases.write.begin() as first:
        first.add(account("an-binh"))
        first.flush()
        with pytest.raises(OperationalError, match="locked"), databases.write.begin() as second:
            second.connection()
    databases.dispose()


def test_sqlite_is_set_up_to_keep_its_promises(sqlite_url: str) -> None:
    databases = connect(sqlite_url)
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1}
    for maker in (databases.write, databases.read):
        with maker() as tx:
            found = {name: tx.scalar(text(f"PRAGMA {name}")) for name in expected}
        assert found == expected
    databases.dispose()


def test_a_closed_database_keeps_no_file_open(tmp_path: Path) -> None:
    databases = connect(f"sqlite:///{tmp_path / 'one.db'}")
    with databases.write.begin() as tx:
        tx.execute(text("CREATE TABLE t (x INTEGER)"))
    databases.dispose()
    assert not (tmp_path / "one.db-wal").exists()


def test_a_server_that_is_away_says_so() -> None:
    databases = connect("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(OperationalError), databases.read() as tx:
        tx.connection()
    databases.dispose()


def test_a_server_that_accepts_and_never_speaks_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("payments.db.LOCK_WAIT_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        databases = connect(f"postgresql+psycopg://nobody@127.0.0.1:{mute.getsockname()[1]}/none")
        with pytest.raises(OperationalError, match="timeout"), databases.read() as tx:
            tx.connection()
        databases.dispose()
