"""Bank statements that people hand in, and who else told of a movement."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_MESSAGE = "retelling is append-only: write a correcting row instead"


def upgrade() -> None:
    _upload()
    _retelling()


def _upload() -> None:
    op.create_table(
        "upload",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("closing", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("tally", _JSON, nullable=False),
        sa.Column("offered_by", sa.String(), nullable=False),
        sa.Column("offered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('offered', 'begun', 'stored', 'done')", name="ck_upload_state"
        ),
        sa.CheckConstraint("recorded BETWEEN 0 AND entries", name="ck_upload_recorded"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_upload_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("account_id", "sha256", name="uq_upload_account_id_sha256"),
    )
    op.create_index("ix_upload_number", "upload", ["account_id", "number", "since"], unique=False)
    _upload_body()


def _upload_body() -> None:
    op.create_table(
        "upload_body",
        sa.Column("upload_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name="fk_upload_body_upload_id_upload"
        ),
        sa.PrimaryKeyConstraint("upload_id", name="pk_upload_body"),
    )


def _retelling() -> None:
    op.create_table(
        "retelling",
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_retelling_movement_id_movement"
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_retelling_notice_id_notice"),
        sa.PrimaryKeyConstraint("movement_id", "notice_id", name="pk_retelling"),
    )
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(f"CREATE TRIGGER retelling_no_{act} BEFORE {act.upper()} ON retelling {does}")


def downgrade() -> None:
    for table in ("retelling", "upload_body", "upload"):
        op.drop_table(table)
