"""Book days that close, their certificates and the chain of seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _book_day()


def _book_day() -> None:
    op.create_table(
        "book_day",
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closing', 'closed')", name=op.f("ck_book_day_state")),
        sa.PrimaryKeyConstraint("operator", "day", name="pk_book_day"),
    )


def downgrade() -> None:
    op.drop_table("book_day")
