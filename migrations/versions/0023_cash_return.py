"""Refunds of cash payments are paid from a till."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision: str | None = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cash_return",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name="fk_cash_return_refund_id_refund"
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name="fk_cash_return_shift_id_shift"),
        sa.PrimaryKeyConstraint("refund_id", name="pk_cash_return"),
    )
    op.create_index("ix_cash_return_shift_id", "cash_return", ["shift_id"], unique=False)


def downgrade() -> None:
    op.drop_table("cash_return")
