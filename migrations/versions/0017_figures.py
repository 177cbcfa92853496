"""Published figures and totals per month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision: str | None = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _published()


def _published() -> None:
    op.create_table(
        "published_figure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parameters", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("operator", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "revision = 1 OR reason IS NOT NULL", name=op.f("ck_published_figure_reason")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_published_figure"),
        sa.UniqueConstraint("number", name="uq_published_figure_number"),
        sa.UniqueConstraint(
            "kind", "parameters", "revision", name="uq_published_figure_kind_parameters_revision"
        ),
    )
    op.create_table(
        "published_file",
        sa.Column("figure_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["figure_id"],
            ["published_figure.id"],
            name="fk_published_file_figure_id_published_figure",
        ),
        sa.PrimaryKeyConstraint("figure_id", "language", "format", name="pk_published_file"),
    )
    for table in ("published_figure", "published_file"):
        _append_only(table)


def _append_only(table: str) -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    message = f"{table} is append-only: write a correcting row instead"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} {does}")


def downgrade() -> None:
    for table in ("published_file", "published_figure"):
        op.drop_table(table)
