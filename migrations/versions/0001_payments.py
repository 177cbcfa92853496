"""Payments: accounts, payments, notices, movements, ledger, refunds, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE payment_number AS bigint")
    op.create_table(
        "audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "merchant_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column(
            "settings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "secrets", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('test', 'live')", name="ck_merchant_account_mode"),
        sa.PrimaryKeyConstraint("id", name="pk_merchant_account"),
        sa.UniqueConstraint("slug", name="uq_merchant_account_slug"),
    )
    op.create_table(
        "audit_detail",
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column(
            "detail", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(["audit_id"], ["audit.id"], name="fk_audit_detail_audit_id_audit"),
        sa.PrimaryKeyConstraint("audit_id", name="pk_audit_detail"),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("intent", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("cost_centre", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("return_url", sa.String(), nullable=False),
        sa.Column("notify_url", sa.String(), nullable=False),
        sa.Column("provider_ref", sa.String(), nullable=True),
        sa.Column("checkout_url", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("flags", sa.String(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("reversed", sa.BigInteger(), nullable=False),
        sa.Column("refunded", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("book_day", sa.Date(), nullable=True),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_payment_amount_positive"),
        sa.CheckConstraint(
            "received >= 0 AND reversed >= 0 AND refunded >= 0", name="ck_payment_sums"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_payment_account_id_merchant_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payment"),
        sa.UniqueConstraint("code", name="uq_payment_code"),
        sa.UniqueConstraint("number", name="uq_payment_number"),
    )
    op.create_index("ix_payment_book_day", "payment", ["book_day"], unique=False)
    op.create_index("ix_payment_created_at", "payment", ["created_at"], unique=False)
    op.create_index("ix_payment_next_poll_at", "payment", ["next_poll_at"], unique=False)
    op.create_index("ix_payment_reference", "payment", ["reference"], unique=False)
    op.create_index(
        "ux_payment_open_intent",
        "payment",
        ["account_id", "intent"],
        unique=True,
        sqlite_where=sa.text("state IN ('created', 'pending', 'unknown')"),
        postgresql_where=sa.text("state IN ('created', 'pending', 'unknown')"),
    )
    op.create_table(
        "refund",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("polls", sa.BigInteger(), nullable=False),
        sa.Column("next_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose IN ('charge', 'excess')", name="ck_refund_purpose"),
        sa.CheckConstraint("state IN ('asked', 'done', 'failed')", name="ck_refund_state"),
        sa.CheckConstraint("amount > 0", name="ck_refund_amount_positive"),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_refund_payment_id_payment"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refund"),
        sa.UniqueConstraint("key", name="uq_refund_key"),
    )
    op.create_index("ix_refund_next_poll_at", "refund", ["next_poll_at"], unique=False)
    op.create_index("ix_refund_payment_id", "refund", ["payment_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("order_code", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_notice_account_id_merchant_account"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_notice_payment_id_payment"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_notice_refund_id_refund"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint("account_id", "key", name="uq_notice_account_id_key"),
    )
    op.create_index("ix_notice_payment_id", "notice", ["payment_id"], unique=False)
    op.create_index("ix_notice_refund_id", "notice", ["refund_id"], unique=False)
    op.create_table(
        "movement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rail_ref", sa.String(), nullable=False),
        sa.Column("occurrence", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("event_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("book_day", sa.Date(), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_movement_amount_positive"),
        sa.CheckConstraint("occurrence > 0", name="ck_movement_occurrence_positive"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_movement_account_id_merchant_account"
        ),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name="fk_movement_notice_id_notice"),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_movement_payment_id_payment"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_movement_refund_id_refund"),
        sa.PrimaryKeyConstraint("id", name="pk_movement"),
        sa.UniqueConstraint(
            "account_id",
            "kind",
            "rail_ref",
            "occurrence",
            name="uq_movement_account_id_kind_rail_ref_occurrence",
        ),
    )
    op.create_index("ix_movement_day", "movement", ["book_day", "account_id"], unique=False)
    op.create_index("ix_movement_payment_id", "movement", ["payment_id"], unique=False)
    op.create_table(
        "notice_body",
        sa.Column("notice_id", sa.Uuid(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["notice_id"], ["notice.id"], name="fk_notice_body_notice_id_notice"
        ),
        sa.PrimaryKeyConstraint("notice_id", name="pk_notice_body"),
    )
    op.create_table(
        "transfer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("debit", sa.String(), nullable=False),
        sa.Column("credit", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("book_day", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_transfer_amount_positive"),
        sa.CheckConstraint("debit <> credit", name="ck_transfer_two_accounts"),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_transfer_movement_id_movement"
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name="fk_transfer_refund_id_refund"),
        sa.PrimaryKeyConstraint("id", name="pk_transfer"),
        sa.UniqueConstraint("movement_id", "kind", name="uq_transfer_movement_id_kind"),
        sa.UniqueConstraint("refund_id", "kind", name="uq_transfer_refund_id_kind"),
    )
    op.create_index("ix_transfer_book_day", "transfer", ["book_day"], unique=False)
    op.create_index("ix_transfer_movement_id", "transfer", ["movement_id"], unique=False)
    op.create_index("ix_transfer_refund_id", "transfer", ["refund_id"], unique=False)


def downgrade() -> None:
    op.drop_table("transfer")
    op.drop_table("notice_body")
    op.drop_table("movement")
    op.drop_table("notice")
    op.drop_table("refund")
    op.drop_table("payment")
    op.drop_table("audit_detail")
    op.drop_table("merchant_account")
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE payment_number")
