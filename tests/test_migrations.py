"""Migrations run forwards and backwards on both databases and agree with the tables."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from parking import schema
from payments.db import Databases


def test_tables_and_migrations_have_not_drifted_apart(databases: Databases) -> None:
    schema.check(databases.engine)
    assert schema.revision(databases.engine) == schema.newest()


def test_every_migration_runs_backwards_and_forwards_again(databases: Databases) -> None:
    schema.downgrade(databases.engine)
    assert inspect(databases.engine).get_table_names() == ["alembic_version"]
    schema.upgrade(databases.engine)
    schema.check(databases.engine)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit"])
def test_an_append_only_row_cannot_be_changed_or_deleted(
    databases: Databases, statement: str
) -> None:
    insert = text(
        "INSERT INTO audit (id, at, actor, act, subject, digest) VALUES "
        "('00000000000070008000000000000001', '2026-01-01 00:00:00', 'a', 'b', 'c', 'd')"
    )
    with databases.write.begin() as tx:
        tx.execute(insert)
    with pytest.raises(DatabaseError, match="append-only"), databases.write.begin() as tx:
        tx.execute(text(statement))


def test_sqlite_replace_does_not_slip_past_the_triggers(databases: Databases) -> None:
    if databases.engine.dialect.name != "sqlite":
        return
    insert = (
        "INTO audit (id, at, actor, act, subject, digest) VALUES "
        "('00000000000070008000000000000001', '2026-01-01 00:00:00', 'a', 'b', 'c', 'd')"
    )
    with databases.write.begin() as tx:
        tx.execute(text(f"INSERT {insert}"))
    with pytest.raises(DatabaseError, match="append-only"), databases.write.begin() as tx:
        tx.execute(text(f"INSERT OR REPLACE {insert}"))
