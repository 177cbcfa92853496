"""How each merchant account's files are read, and which file a day's lines came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision: str | None = "0015"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MEANS = "means IN ('bank', 'settlement')"
_MESSAGE = "statement_mapping is append-only: write a correcting row instead"


def upgrade() -> None:
    _mapping()
    op.execute(
        "ALTER TABLE upload ADD COLUMN means VARCHAR DEFAULT 'bank' NOT NULL"
        f" CONSTRAINT ck_upload_means CHECK ({_MEANS})"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE upload ALTER COLUMN means DROP DEFAULT")
    _reference("upload", "mapping_id", "statement_mapping")
    _reference("statement", "upload_id", "upload")
    op.create_index("ix_statement_upload_id", "statement", ["upload_id"], unique=False)


def _mapping() -> None:
    op.create_table(
        "statement_mapping",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("means", sa.String(), nullable=False),
        sa.Column("mapping", _JSON, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_MEANS, name=op.f("ck_statement_mapping_means")),
        sa.CheckConstraint("version > 0", name=op.f("ck_statement_mapping_version")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_statement_mapping_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_statement_mapping"),
        sa.UniqueConstraint(
            "account_id", "version", name="uq_statement_mapping_account_id_version"
        ),
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(
            f"CREATE TRIGGER statement_mapping_no_{act} BEFORE {act.upper()} ON statement_mapping {does}"
        )


def _reference(table: str, column: str, target: str) -> None:
    """A column that refers to `target`; SQLite takes the constraint with the column only."""
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
        f" CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)"
    )


def downgrade() -> None:
    op.drop_index("ix_statement_upload_id", "statement")
    op.drop_column("statement", "upload_id")
    op.drop_column("upload", "mapping_id")
    # a settlement file is no bank statement: without the column it would pass for one
    op.execute(
        "DELETE FROM upload_body WHERE upload_id IN (SELECT id FROM upload WHERE means <> 'bank')"
    )
    op.execute("DELETE FROM upload WHERE means <> 'bank'")
    op.drop_column("upload", "means")
    op.drop_table("statement_mapping")
