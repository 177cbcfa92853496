"""Receipts for passes, which name no stay; the lot that sold a pass."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None

_NEEDED = ("session_id CHAR(32) NOT NULL", "session_id CHAR(32)")


def upgrade() -> None:
    _receipt_column(*_NEEDED, nullable=True)
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE pass ADD COLUMN lot_id {kind}"
        " CONSTRAINT fk_pass_lot_id_lot REFERENCES lot (id)"
    )


def _receipt_column(before: str, after: str, nullable: bool) -> None:
    """SQLite cannot loosen a column: its schema is rewritten in place (sqlite.org/lang_altertable.html,
    §8), as the eighth migration does."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.alter_column("receipt", "session_id", existing_type=sa.Uuid(), nullable=nullable)
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'receipt'",
        (before, after),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def downgrade() -> None:
    op.drop_column("pass", "lot_id")
    op.execute("DELETE FROM receipt WHERE session_id IS NULL")
    before, after = _NEEDED
    _receipt_column(after, before, nullable=False)
