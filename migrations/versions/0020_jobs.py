"""How many rows a run of the timetable worked through."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision: str | None = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("job_run", sa.Column("rows", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("job_run", "rows")
