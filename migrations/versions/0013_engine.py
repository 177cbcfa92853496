"""What comparing needs at the city's size."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statement_line", sa.Column("batch", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("statement_line", "batch")
