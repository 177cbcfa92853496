"""Stays are counted per day, and sums of a whole city are kept."""

from __future__ import annotations

revision = "0026"
down_revision: str | None = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
