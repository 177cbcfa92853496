"""Reconciliation: statements, lines, matches, breaks, totals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assignment_log",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("counterpart_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_set", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assignment_log"),
    )
    op.create_index("ix_assignment_log_line_id", "assignment_log", ["line_id"], unique=False)
    op.create_table(
        "account_day",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('awaiting', 'partial', 'complete')", name="ck_account_day_state"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_account_day_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("account_id", "day", name="pk_account_day"),
    )
    op.create_table(
        "day_total",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("cost_centre", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("refunds", sa.BigInteger(), nullable=False),
        sa.Column("fees", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_count", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_gross", sa.BigInteger(), nullable=False),
        sa.Column("banked_count", sa.BigInteger(), nullable=False),
        sa.Column("banked_gross", sa.BigInteger(), nullable=False),
        sa.Column("breaks", sa.BigInteger(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("net = gross - refunds - fees", name="ck_day_total_foots"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_day_total_account_id_merchant_account"
        ),
        sa.PrimaryKeyConstraint("day", "account_id", "cost_centre", "product", name="pk_day_total"),
    )
    op.create_table(
        "statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("repeated_count", sa.BigInteger(), nullable=False),
        sa.Column("repeated_gross", sa.BigInteger(), nullable=False),
        sa.Column("repeated_fee", sa.BigInteger(), nullable=False),
        sa.Column("repeated_net", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_statement_account_id_merchant_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_statement"),
        sa.UniqueConstraint(
            "account_id", "leg", "sha256", name="uq_statement_account_id_leg_sha256"
        ),
    )
    op.create_index("ix_statement_day", "statement", ["account_id", "leg", "day"], unique=False)
    op.create_table(
        "statement_body",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name="fk_statement_body_statement_id_statement"
        ),
        sa.PrimaryKeyConstraint("statement_id", name="pk_statement_body"),
    )
    op.create_table(
        "statement_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("line_ref", sa.String(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("order_code", sa.String(), nullable=True),
        sa.Column("rail_ref", sa.String(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book_day", sa.Date(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.CheckConstraint("net = gross - fee", name="ck_statement_line_foots"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_statement_line_account_id_merchant_account",
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name="fk_statement_line_statement_id_statement"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_statement_line"),
        sa.UniqueConstraint(
            "account_id",
            "leg",
            "line_ref",
            "occurrence",
            name="uq_statement_line_account_id_leg_line_ref_occurrence",
        ),
    )
    op.create_index(
        "ix_statement_line_day", "statement_line", ["account_id", "leg", "book_day"], unique=False
    )
    op.create_index("ix_statement_line_line_ref", "statement_line", ["line_ref"], unique=False)
    op.create_index("ix_statement_line_order_code", "statement_line", ["order_code"], unique=False)
    op.create_index("ix_statement_line_rail_ref", "statement_line", ["rail_ref"], unique=False)
    op.create_index(
        "ix_statement_line_statement_id", "statement_line", ["statement_id"], unique=False
    )
    op.create_table(
        "assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_set", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched_by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "(movement_id IS NULL) <> (payout_id IS NULL)", name="ck_assignment_one_counterpart"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_assignment_account_id_merchant_account",
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["statement_line.id"], name="fk_assignment_line_id_statement_line"
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_assignment_movement_id_movement"
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["statement_line.id"], name="fk_assignment_payout_id_statement_line"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_assignment"),
        sa.UniqueConstraint("leg", "line_id", name="uq_assignment_leg_line_id"),
        sa.UniqueConstraint("leg", "movement_id", name="uq_assignment_leg_movement_id"),
        sa.UniqueConstraint("leg", "payout_id", name="uq_assignment_leg_payout_id"),
    )
    op.create_table(
        "break",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=True),
        sa.Column("line_id", sa.Uuid(), nullable=True),
        sa.Column("payout_id", sa.Uuid(), nullable=True),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("timing", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolution", sa.String(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'resolved')", name="ck_break_state"),
        sa.CheckConstraint(
            "movement_id IS NOT NULL OR line_id IS NOT NULL OR payout_id IS NOT NULL",
            name="ck_break_has_a_side",
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_break_account_id_merchant_account"
        ),
        sa.ForeignKeyConstraint(
            ["line_id"], ["statement_line.id"], name="fk_break_line_id_statement_line"
        ),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_break_movement_id_movement"
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["statement_line.id"], name="fk_break_payout_id_statement_line"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_break"),
    )
    op.create_index("ix_break_day", "break", ["day", "account_id"], unique=False)
    op.create_index("ix_break_line_id", "break", ["line_id"], unique=False)
    op.create_index("ix_break_movement_id", "break", ["movement_id"], unique=False)
    op.create_index("ix_break_payout_id", "break", ["payout_id"], unique=False)
    op.create_index(
        "ux_break_open_line",
        "break",
        ["leg", "line_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open' AND line_id IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND line_id IS NOT NULL"),
    )
    op.create_index(
        "ux_break_open_movement",
        "break",
        ["leg", "movement_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open' AND movement_id IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND movement_id IS NOT NULL"),
    )
    op.create_index(
        "ux_break_open_payout",
        "break",
        ["leg", "payout_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open' AND payout_id IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND payout_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("break")
    op.drop_table("assignment")
    op.drop_table("statement_line")
    op.drop_table("statement_body")
    op.drop_table("statement")
    op.drop_table("day_total")
    op.drop_table("account_day")
    op.drop_table("assignment_log")
