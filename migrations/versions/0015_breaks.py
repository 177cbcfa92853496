"""Who works on a difference, what was said and decided about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("transfer", sa.Column("cause", sa.String(), nullable=True))
    op.create_index("ux_transfer_cause", "transfer", ["cause"], unique=True)


def downgrade() -> None:
    op.drop_index("ux_transfer_cause", "transfer")
    op.drop_column("transfer", "cause")
