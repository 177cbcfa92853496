"""Append-only tables: triggers that refuse UPDATE and DELETE on both databases."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

TABLES = ("notice", "movement", "transfer", "audit", "statement_line", "assignment_log")

_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: write a correcting row instead', TG_TABLE_NAME;
END $$
"""


def _protect_on_postgresql(table: str) -> None:
    for act, scope in (("update", "ROW"), ("delete", "ROW"), ("truncate", "STATEMENT")):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
        )


def _protect_on_sqlite(table: str) -> None:
    message = f"{table} is append-only: write a correcting row instead"
    for act in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(_FUNCTION)
    for table in TABLES:
        (_protect_on_postgresql if postgresql else _protect_on_sqlite)(table)


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        for act in ("update", "delete") + (("truncate",) if postgresql else ()):
            on = f" ON {table}" if postgresql else ""
            op.execute(f"DROP TRIGGER {table}_no_{act}{on}")
    if postgresql:
        op.execute("DROP FUNCTION refuse_change()")
