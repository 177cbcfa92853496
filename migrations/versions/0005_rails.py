"""Rails beside the sandbox: bounds of an account, bank transfers, attachments, the way back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_BOUNDS = (
    ("least", sa.BigInteger()),
    ("most", sa.BigInteger()),
    ("opens", sa.String()),
    ("closes", sa.String()),
)
_MESSAGE = "attachment is append-only: write a correcting row instead"


def upgrade() -> None:
    for name, kind in _BOUNDS:
        op.add_column("merchant_account", sa.Column(name, kind, nullable=True))
    op.add_column("payment", sa.Column("method", sa.String(), nullable=False, server_default=""))
    op.add_column("payment", sa.Column("transfer", _JSON, nullable=True))
    op.add_column("refund", sa.Column("number", sa.BigInteger(), nullable=True))
    op.create_index("ux_refund_number", "refund", ["number"], unique=True)
    _attachment()
    _payback()
    op.create_table(
        "lot_account",
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lot_id"], ["lot.id"], name="fk_lot_account_lot_id_lot"),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_lot_account_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("lot_id", "account_id", name="pk_lot_account"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE refund_number AS bigint")


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_attachment_movement_id_movement"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_attachment_payment_id_payment"
        ),
        sa.PrimaryKeyConstraint("movement_id", name="pk_attachment"),
    )
    op.create_index("ix_attachment_payment_id", "attachment", ["payment_id"], unique=False)
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(f"CREATE TRIGGER attachment_no_{act} BEFORE {act.upper()} ON attachment {does}")


def _payback() -> None:
    op.create_table(
        "refund_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("refund_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount > 0", name="ck_refund_task_amount_positive"),
        sa.CheckConstraint("purpose IN ('charge', 'excess')", name="ck_refund_task_purpose"),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'rejected')", name="ck_refund_task_state"
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name="fk_refund_task_payment_id_payment"
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name="fk_refund_task_refund_id_refund"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_refund_task"),
        sa.UniqueConstraint("key", name="uq_refund_task_key"),
        sa.UniqueConstraint("refund_id", name="uq_refund_task_refund_id"),
    )
    op.create_index("ix_refund_task_payment_id", "refund_task", ["payment_id"], unique=False)
    op.create_index("ix_refund_task_state", "refund_task", ["state"], unique=False)
    op.create_table(
        "payout_list",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_payout_list_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payout_list"),
        sa.UniqueConstraint("account_id", "number", name="uq_payout_list_account_id_number"),
    )
    op.create_table(
        "refund_claim",
        sa.Column("refund_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=True),
        sa.Column("hint", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payout_list_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name="fk_refund_claim_refund_id_refund"
        ),
        sa.ForeignKeyConstraint(
            ["payout_list_id"],
            ["payout_list.id"],
            name="fk_refund_claim_payout_list_id_payout_list",
        ),
        sa.PrimaryKeyConstraint("refund_id", name="pk_refund_claim"),
    )
    op.create_index(
        "ix_refund_claim_payout_list_id", "refund_claim", ["payout_list_id"], unique=False
    )


def downgrade() -> None:
    for table in ("lot_account", "refund_claim", "payout_list", "refund_task", "attachment"):
        op.drop_table(table)
    op.drop_index("ux_refund_number", "refund")
    for table, column in (
        ("refund", "number"),
        ("payment", "transfer"),
        ("payment", "method"),
        *(("merchant_account", name) for name, _ in _BOUNDS),
    ):
        op.drop_column(table, column)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE refund_number")
