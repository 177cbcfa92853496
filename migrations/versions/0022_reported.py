"""What other systems say they collected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision: str | None = "0021"
branch_labels = None
depends_on = None

_MESSAGE = "reported_total is append-only: write a correcting row instead"


def upgrade() -> None:
    op.create_table(
        "reported_total",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("handed_in_by", sa.String(), nullable=False),
        sa.Column("handed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "count >= 0 AND amount >= 0", name=op.f("ck_reported_total_not_negative")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reported_total"),
    )
    op.create_index("ix_reported_total_day", "reported_total", ["day", "source", "vehicle_class"])
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(
            f"CREATE TRIGGER reported_total_no_{act} BEFORE {act.upper()} ON reported_total {does}"
        )


def downgrade() -> None:
    op.drop_table("reported_total")
