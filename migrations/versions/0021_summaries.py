"""Sums of the day totals along one label, per day and month."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision: str | None = "0020"
branch_labels = None
depends_on = None

_FIGURES = (
    "count", "gross", "refunds", "fees", "net",
    "confirmed_count", "confirmed_gross", "banked_count", "banked_gross", "breaks",
)  # fmt: skip
_CASH = tuple(f"cash_{name}" for name in _FIGURES)


def upgrade() -> None:
    op.create_table(
        "summary",
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in (*_FIGURES, *_CASH)),
        sa.CheckConstraint(
            "span IN ('day', 'third', 'month', 'year')", name=op.f("ck_summary_span")
        ),
        sa.CheckConstraint(
            "label IN ('provider', 'cost_centre', 'product')", name=op.f("ck_summary_label")
        ),
        sa.CheckConstraint("net = gross - refunds - fees", name=op.f("ck_summary_foots")),
        sa.PrimaryKeyConstraint(
            "span", "period", "label", "operator", "key", "currency", name="pk_summary"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_summary_operator", "summary", ["operator", "span", "period"])
    op.create_table(
        "summary_state",
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("span", "period", "operator", name="pk_summary_state"),
    )


def downgrade() -> None:
    op.drop_table("summary_state")
    op.drop_table("summary")
