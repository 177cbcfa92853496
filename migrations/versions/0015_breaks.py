"""Who works on a difference, what was said and decided about it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision: str | None = "0014"
branch_labels = None
depends_on = None


_MESSAGE = "break_act is append-only: write a correcting row instead"
_ACTS = (
    "act IN ('assign', 'comment', 'propose', 'resolve', 'approve', 'refuse',"
    " 'propose_undo', 'undo', 'approve_undo')"
)


def upgrade() -> None:
    op.add_column("transfer", sa.Column("cause", sa.String(), nullable=True))
    op.create_index("ux_transfer_cause", "transfer", ["cause"], unique=True)
    op.add_column("break", sa.Column("owner", sa.String(), nullable=True))
    still_open = sa.text("state = 'open'")
    op.create_index(
        "ix_break_open",
        "break",
        ["day", "id"],
        unique=False,
        sqlite_where=still_open,
        postgresql_where=still_open,
    )
    _acts()
    _keep_acts()
    _beside_acts()


def _acts() -> None:
    op.create_table(
        "break_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("cause", sa.String(), nullable=True),
        sa.Column("together", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(), nullable=True),
        sa.CheckConstraint(_ACTS, name=op.f("ck_break_act_act")),
        sa.CheckConstraint("together > 0", name=op.f("ck_break_act_together")),
        sa.ForeignKeyConstraint(["break_id"], ["break.id"], name="fk_break_act_break_id_break"),
        sa.PrimaryKeyConstraint("id", name="pk_break_act"),
    )
    for column in ("break_id", "cause"):
        op.create_index(f"ix_break_act_{column}", "break_act", [column], unique=False)


def _keep_acts() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(f"CREATE TRIGGER break_act_no_{act} BEFORE {act.upper()} ON break_act {does}")


def _beside_acts() -> None:
    op.create_table(
        "break_words",
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["act_id"], ["break_act.id"], name="fk_break_words_act_id_break_act"
        ),
        sa.PrimaryKeyConstraint("act_id", name="pk_break_words"),
    )
    op.create_table(
        "break_proposal",
        sa.Column("break_id", sa.Uuid(), nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["break_id"], ["break.id"], name="fk_break_proposal_break_id_break"
        ),
        sa.ForeignKeyConstraint(
            ["act_id"], ["break_act.id"], name="fk_break_proposal_act_id_break_act"
        ),
        sa.PrimaryKeyConstraint("break_id", name="pk_break_proposal"),
    )


def downgrade() -> None:
    for table in ("break_proposal", "break_words", "break_act"):
        op.drop_table(table)
    op.drop_index("ix_break_open", "break")
    op.drop_column("break", "owner")
    op.drop_index("ux_transfer_cause", "transfer")
    op.drop_column("transfer", "cause")
