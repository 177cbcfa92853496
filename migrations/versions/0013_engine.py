"""What comparing needs at the city's size."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision: str | None = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("statement_line", sa.Column("batch", sa.String(), nullable=True))
    op.add_column("statement", sa.Column("batch", sa.String(), nullable=True))
    _rewrite_bodies(lambda raw: zlib.compress(raw, 1))


def downgrade() -> None:
    _rewrite_bodies(zlib.decompress)
    op.drop_column("statement", "batch")
    op.drop_column("statement_line", "batch")


_BODY = sa.table(
    "statement_body", sa.column("statement_id", sa.Uuid()), sa.column("body", sa.LargeBinary())
)


def _rewrite_bodies(change: Callable[[bytes], bytes]) -> None:
    """The files kept, packed or unpacked, one at a time."""
    bind = op.get_bind()
    for key in bind.scalars(sa.select(_BODY.c.statement_id)).all():
        own = _BODY.c.statement_id == key
        body = bind.execute(sa.select(_BODY.c.body).where(own)).scalar_one()
        bind.execute(sa.update(_BODY).where(own).values(body=change(body)))
