"""Parking: operators, lots, signs, people, sessions, quotes, receipts, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("slot", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_run"),
        sa.UniqueConstraint("job", "slot", "attempt", name="uq_job_run_job_slot_attempt"),
    )
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )
    op.create_table(
        "operator",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("tax_code", sa.String(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator"),
        sa.UniqueConstraint("code", name="uq_operator_code"),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_attempt"),
    )
    op.create_index("ix_sign_in_attempt_address", "sign_in_attempt", ["address"], unique=False)
    op.create_index("ix_sign_in_attempt_at", "sign_in_attempt", ["at"], unique=False)
    op.create_index("ix_sign_in_attempt_username", "sign_in_attempt", ["username"], unique=False)
    op.create_table(
        "lot",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("street", sa.String(), nullable=False),
        sa.Column("ward", sa.String(), nullable=False),
        sa.Column("former_district", sa.String(), nullable=False),
        sa.Column("latitude", sa.String(), nullable=False),
        sa.Column("longitude", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_lot_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lot"),
        sa.UniqueConstraint("number", name="uq_lot_number"),
    )
    op.create_index("ix_lot_operator_id", "lot", ["operator_id"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('attendant', 'finance', 'admin')", name="ck_person_role"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_person_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("username", name="uq_person_username"),
    )
    op.create_table(
        "lot_tariff",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("tariff_code", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_lot_tariff_lot_id_lot"),
        sa.PrimaryKeyConstraint("lot_id", "vehicle_class", name="pk_lot_tariff"),
    )
    op.create_table(
        "person_lot",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_person_lot_lot_id_lot"),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name="fk_person_lot_person_id_person"
        ),
        sa.PrimaryKeyConstraint("person_id", "lot_id", name="pk_person_lot"),
    )
    op.create_table(
        "sign",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_sign_lot_id_lot"),
        sa.PrimaryKeyConstraint("id", name="pk_sign"),
        sa.UniqueConstraint("lot_id", "version", name="uq_sign_lot_id_version"),
    )
    op.create_table(
        "sign_in",
        sa.Column("token_digest", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_sign_in_person_id_person"),
        sa.PrimaryKeyConstraint("token_digest", name="pk_sign_in"),
    )
    op.create_index("ix_sign_in_person_id", "sign_in", ["person_id"], unique=False)
    op.create_table(
        "parking_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("plate_key", sa.String(), nullable=False),
        sa.Column("plate", sa.String(), nullable=False),
        sa.Column("plate_kind", sa.String(), nullable=False),
        sa.Column("needs_review", sa.Boolean(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("tariff_code", sa.String(), nullable=False),
        sa.Column("tariff_version", sa.BigInteger(), nullable=False),
        sa.Column("entry_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared", sa.Boolean(), nullable=False),
        sa.Column("sign_id", sa.Uuid(), nullable=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("exit_by", sa.String(), nullable=True),
        sa.CheckConstraint(
            "exit_at IS NULL OR exit_at >= entry_at", name="ck_parking_session_exit_after_entry"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_parking_session_lot_id_lot"),
        sa.ForeignKeyConstraint(["sign_id"], ["sign.id"], name="fk_parking_session_sign_id_sign"),
        sa.PrimaryKeyConstraint("id", name="pk_parking_session"),
        sa.UniqueConstraint("reference", name="uq_parking_session_reference"),
        sa.UniqueConstraint("token", name="uq_parking_session_token"),
    )
    op.create_index(
        "ix_parking_session_lot_entry", "parking_session", ["lot_id", "entry_at"], unique=False
    )
    op.create_index("ix_parking_session_plate_key", "parking_session", ["plate_key"], unique=False)
    op.create_index(
        "ux_parking_session_open",
        "parking_session",
        ["lot_id", "plate_key"],
        unique=True,
        sqlite_where=sa.text("exit_at IS NULL"),
        postgresql_where=sa.text("exit_at IS NULL"),
    )
    op.create_table(
        "adjustment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount <> 0", name="ck_adjustment_not_zero"),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name="fk_adjustment_refund_id_refund"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["parking_session.id"], name="fk_adjustment_session_id_parking_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_adjustment"),
        sa.UniqueConstraint("refund_id", name="uq_adjustment_refund_id"),
    )
    op.create_index("ix_adjustment_session_id", "adjustment", ["session_id"], unique=False)
    op.create_table(
        "quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("priced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("tariff_code", sa.String(), nullable=False),
        sa.Column("tariff_version", sa.BigInteger(), nullable=False),
        sa.Column(
            "lines", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name="ck_quote_amount_positive"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["parking_session.id"], name="fk_quote_session_id_parking_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quote"),
    )
    op.create_index("ix_quote_session_id", "quote", ["session_id"], unique=False)
    op.create_table(
        "receipt",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("vat_basis_points", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tax_point", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("gross = net + vat", name="ck_receipt_foots"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_receipt_operator_id_operator"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_receipt_payment_id_payment"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["parking_session.id"], name="fk_receipt_session_id_parking_session"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_receipt"),
        sa.UniqueConstraint(
            "operator_id", "year", "number", name="uq_receipt_operator_id_year_number"
        ),
        sa.UniqueConstraint("payment_id", name="uq_receipt_payment_id"),
        sa.UniqueConstraint("token", name="uq_receipt_token"),
    )
    op.create_index("ix_receipt_session_id", "receipt", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_table("receipt")
    op.drop_table("quote")
    op.drop_table("adjustment")
    op.drop_table("parking_session")
    op.drop_table("sign_in")
    op.drop_table("sign")
    op.drop_table("person_lot")
    op.drop_table("lot_tariff")
    op.drop_table("person")
    op.drop_table("lot")
    op.drop_table("sign_in_attempt")
    op.drop_table("operator")
    op.drop_table("lease")
    op.drop_table("job_run")
