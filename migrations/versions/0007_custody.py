"""Cards and passes; how and by what proof a vehicle left; when a lot collects and closes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None

_EXIT = (
    ("exit_recorded_at", sa.DateTime(timezone=True)),
    ("exit_kind", sa.String()),
    ("exit_proof", sa.String()),
)
_COLLECT = "collect IN ('entry', 'exit', 'either')"


def upgrade() -> None:
    _cards()
    _passes()
    for name, kind in _EXIT:
        op.add_column("parking_session", sa.Column(name, kind, nullable=True))
    op.execute(
        "UPDATE parking_session SET exit_recorded_at = exit_at, exit_kind = 'observed'"
        " WHERE exit_at IS NOT NULL"
    )
    _link("parking_session", "card_id", "card")
    _link("parking_session", "pass_id", "pass")
    _session_indexes()
    op.add_column("lot", sa.Column("closes", sa.String(), nullable=True))
    op.execute(
        "ALTER TABLE lot_tariff ADD COLUMN collect VARCHAR DEFAULT 'exit' NOT NULL"
        f" CONSTRAINT ck_lot_tariff_collect CHECK ({_COLLECT})"
    )
    op.execute(
        "UPDATE lot_tariff SET collect = 'either' WHERE vehicle_class IN ('motorbike', 'bicycle')"
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE pass_number AS bigint")


def _link(table: str, column: str, target: str) -> None:
    """A column that refers to `target`; SQLite takes the constraint with the column only."""
    kind = "UUID" if op.get_bind().dialect.name == "postgresql" else "CHAR(32)"
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} {kind}"
        f" CONSTRAINT fk_{table}_{column}_{target} REFERENCES {target} (id)"
    )


def _cards() -> None:
    op.create_table(
        "card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('ready', 'lost', 'blocked')", name=op.f("ck_card_state")),
        sa.CheckConstraint("number BETWEEN 1 AND 999999", name=op.f("ck_card_number")),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_card_lot_id_lot"),
        sa.PrimaryKeyConstraint("id", name="pk_card"),
        sa.UniqueConstraint("lot_id", "number", name="uq_card_lot_id_number"),
    )


def _passes() -> None:
    op.create_table(
        "pass",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("vehicle_class", sa.String(), nullable=False),
        sa.Column("plate_key", sa.String(), nullable=True),
        sa.Column("plate", sa.String(), nullable=True),
        sa.Column("card_id", sa.Uuid(), nullable=True),
        sa.Column("hours", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("sold_by", sa.String(), nullable=False),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("cancelled_by", sa.String(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "holder IN ('regular', 'school', 'employee')", name=op.f("ck_pass_holder")
        ),
        sa.CheckConstraint("hours IN ('day', 'full')", name=op.f("ck_pass_hours")),
        sa.CheckConstraint(
            "(plate_key IS NULL) <> (card_id IS NULL)", name=op.f("ck_pass_one_bearer")
        ),
        sa.CheckConstraint("price >= 0", name=op.f("ck_pass_price")),
        sa.CheckConstraint("until >= since", name=op.f("ck_pass_until_after_since")),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name="fk_pass_card_id_card"),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_pass_operator_id_operator"
        ),
        sa.ForeignKeyConstraint(["previous_id"], ["pass.id"], name="fk_pass_previous_id_pass"),
        sa.PrimaryKeyConstraint("id", name="pk_pass"),
        sa.UniqueConstraint("number", name="uq_pass_number"),
        sa.UniqueConstraint("reference", name="uq_pass_reference"),
        sa.UniqueConstraint("token", name="uq_pass_token"),
    )
    op.create_index("ix_pass_card_id", "pass", ["card_id"], unique=False)
    op.create_index("ix_pass_operator_id", "pass", ["operator_id"], unique=False)
    op.create_index("ix_pass_plate_key", "pass", ["plate_key"], unique=False)
    op.create_index("ux_pass_previous_id", "pass", ["previous_id"], unique=True)
    op.create_table(
        "pass_lot",
        sa.Column("pass_id", sa.Uuid(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_pass_lot_lot_id_lot"),
        sa.ForeignKeyConstraint(["pass_id"], ["pass.id"], name="fk_pass_lot_pass_id_pass"),
        sa.PrimaryKeyConstraint("pass_id", "lot_id", name="pk_pass_lot"),
    )


def _session_indexes() -> None:
    op.create_index(
        "ix_parking_session_lot_exit", "parking_session", ["lot_id", "exit_at"], unique=False
    )
    op.create_index(
        "ux_parking_session_card",
        "parking_session",
        ["card_id"],
        unique=True,
        sqlite_where=sa.text("exit_at IS NULL"),
        postgresql_where=sa.text("exit_at IS NULL"),
    )
    op.create_index(
        "ux_parking_session_pass",
        "parking_session",
        ["pass_id"],
        unique=True,
        sqlite_where=sa.text("exit_at IS NULL"),
        postgresql_where=sa.text("exit_at IS NULL"),
    )


def downgrade() -> None:
    for name in (
        "ux_parking_session_card",
        "ux_parking_session_pass",
        "ix_parking_session_lot_exit",
    ):
        op.drop_index(name, "parking_session")
    for column in ("card_id", "pass_id", *(name for name, _ in _EXIT)):
        op.drop_column("parking_session", column)
    op.drop_column("lot_tariff", "collect")
    op.drop_column("lot", "closes")
    for table in ("pass_lot", "pass", "card"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE pass_number")
