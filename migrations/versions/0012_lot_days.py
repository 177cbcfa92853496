"""What happened at each lot on each day, counted once, so that a city's list need not count it again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision: str | None = "0011"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "lot_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_lot_day_lot_id_lot"),
        sa.PrimaryKeyConstraint("day", "lot_id", name="pk_lot_day"),
    )


def downgrade() -> None:
    op.drop_table("lot_day")
