"""Phones at the kerb with a PIN, inspectors and their headcounts, shifts and cash."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")

_BEFORE = "role IN ('attendant', 'finance', 'admin')"
_AFTER = "role IN ('attendant', 'finance', 'admin', 'inspector')"


def upgrade() -> None:
    _roles(_BEFORE, _AFTER)
    _phones()
    op.add_column("person", sa.Column("pin_hash", sa.String(), nullable=True))
    _link("sign_in", "phone_id", "phone")
    op.create_index("ix_sign_in_phone_id", "sign_in", ["phone_id"], unique=False)
    _shifts()
    _headcounts()


def _roles(before: str, after: str) -> None:
    """Another check of `person.role`. SQLite cannot alter one, and copying the table would break the
    rows that refer to it: its schema is rewritten in place (sqlite.org/lang_altertable.html, §8)."""
    if op.get_bind().dialect.name == "postgresql":
        name = "ck_person_ck_person_role"  # as the third migration's name came out
        op.execute(f"ALTER TABLE person DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE person ADD CONSTRAINT {name} CHECK ({after})")
        return
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'person'",
        (before, after),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _link(table: str, column: str, target: str) -> None:
    """A column that refers to `target`; SQLite takes the constraint with the column only."""
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
        f" CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)"
    )


def _phones() -> None:
    op.create_table(
        "phone",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("link_digest", sa.String(), nullable=False),
        sa.Column("link_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_digest", sa.String(), nullable=True),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_phone_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_phone"),
        sa.UniqueConstraint("link_digest", name="uq_phone_link_digest"),
        sa.UniqueConstraint("token_digest", name="uq_phone_token_digest"),
    )
    op.create_index("ix_phone_operator_id", "phone", ["operator_id"], unique=False)


def _shifts() -> None:
    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opening", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closing_day", sa.Date(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("difference", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("handover", _JSON, nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "closed_at IS NULL OR closed_at >= opened_at", name=op.f("ck_shift_closed_after_opened")
        ),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_shift_counted")),
        sa.CheckConstraint("opening >= 0", name=op.f("ck_shift_opening")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"], name="fk_shift_account_id_merchant_account"
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_shift_lot_id_lot"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_shift_person_id_person"),
        sa.ForeignKeyConstraint(["taken_by"], ["person.id"], name="fk_shift_taken_by_person"),
        sa.PrimaryKeyConstraint("id", name="pk_shift"),
    )
    op.create_index("ix_shift_account_id", "shift", ["account_id"], unique=False)
    op.create_index("ix_shift_closing_day", "shift", ["closing_day"], unique=False)
    op.create_index("ix_shift_lot_opened", "shift", ["lot_id", "opened_at"], unique=False)
    op.create_index(
        "ux_shift_open",
        "shift",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "cash_entry",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("shift_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_cash_entry_payment_id_payment"
        ),
        sa.ForeignKeyConstraint(["shift_id"], ["shift.id"], name="fk_cash_entry_shift_id_shift"),
        sa.PrimaryKeyConstraint("payment_id", name="pk_cash_entry"),
    )
    op.create_index("ix_cash_entry_shift_id", "cash_entry", ["shift_id"], unique=False)


def _headcounts() -> None:
    op.create_table(
        "headcount",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=False),
        sa.Column("open_then", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("counted >= 0", name=op.f("ck_headcount_counted")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_headcount_lot_id_lot"),
        sa.PrimaryKeyConstraint("id", name="pk_headcount"),
    )
    op.create_index("ix_headcount_lot_at", "headcount", ["lot_id", "at"], unique=False)


def downgrade() -> None:
    for table in ("headcount", "cash_entry", "shift"):
        op.drop_table(table)
    op.drop_index("ix_sign_in_phone_id", "sign_in")
    op.drop_column("sign_in", "phone_id")
    op.drop_column("person", "pin_hash")
    op.drop_table("phone")
    op.execute("UPDATE person SET role = 'finance' WHERE role = 'inspector'")
    _roles(_AFTER, _BEFORE)
