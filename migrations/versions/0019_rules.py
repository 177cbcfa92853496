"""Rules that people approve, and matches made by hand."""

from __future__ import annotations

revision = "0019"
down_revision: str | None = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
