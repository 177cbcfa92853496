"""Exemptions, transfers that are waited for, payments for several stays, acts queued on a phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _stays()
    _payments()
    _acts()


def _stays() -> None:
    op.create_table(
        "exemption",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"], ["parking_session.id"], name="fk_exemption_session_id_parking_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_exemption"),
    )
    op.create_index("ix_exemption_at", "exemption", ["at"], unique=False)
    op.create_index(
        "ux_exemption_standing",
        "exemption",
        ["session_id"],
        unique=True,
        sqlite_where=sa.text("withdrawn_at IS NULL"),
        postgresql_where=sa.text("withdrawn_at IS NULL"),
    )
    op.create_table(
        "transfer_claim",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("bank_reference", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.String(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("settled_by", sa.String(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('paid', 'unpaid', 'withdrawn')", name=op.f("ck_transfer_claim_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["parking_session.id"],
            name="fk_transfer_claim_session_id_parking_session",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transfer_claim"),
    )
    op.create_index("ix_transfer_claim_claimed_at", "transfer_claim", ["claimed_at"], unique=False)
    op.create_index(
        "ux_transfer_claim_open",
        "transfer_claim",
        ["session_id"],
        unique=True,
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )


def _payments() -> None:
    op.create_table(
        "allocation",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_allocation_amount_positive")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_allocation_payment_id_payment"
        ),
        sa.PrimaryKeyConstraint("payment_id", "reference", name="pk_allocation"),
    )
    op.create_index("ix_allocation_reference", "allocation", ["reference"], unique=False)
    op.create_table(
        "proxy_payment",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_proxy_payment_payment_id_payment"
        ),
        sa.PrimaryKeyConstraint("payment_id", name="pk_proxy_payment"),
    )


def _acts() -> None:
    op.create_table(
        "field_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", _JSON, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('done', 'refused', 'conflict')", name=op.f("ck_field_act_outcome")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_field_act_lot_id_lot"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_field_act_person_id_person"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["parking_session.id"], name="fk_field_act_session_id_parking_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_field_act"),
    )
    op.create_index(
        "ix_field_act_lot_received", "field_act", ["lot_id", "received_at"], unique=False
    )


def downgrade() -> None:
    for table in ("field_act", "proxy_payment", "allocation", "transfer_claim", "exemption"):
        op.drop_table(table)
