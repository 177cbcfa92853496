"""What people decide about statements is append-only and sealed."""

from __future__ import annotations

revision = "0025"
down_revision: str | None = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
