"""Refunds of a payment for several stays say which one they are for; its parts know what went back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None

#: Named by what the refund is for; NULL: for all that its payment collects.
TABLES = ("refund", "refund_task")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("reference", sa.String(), nullable=True))
    op.add_column(
        "allocation", sa.Column("returned", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("allocation", "returned")
    for table in reversed(TABLES):
        op.drop_column(table, "reference")
