"""What a payout carries is added up and compared with it.

Payouts that were read before are compared by the next look at any day of their account.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision: str | None = "0023"
branch_labels = None
depends_on = None

_SUMS = ("count", "gross", "fee", "net")

#: Stripe's payouts are for money that their file may not show.
_WHO_PAYS = """
    UPDATE statement SET paid_by = CASE
        WHEN batch IS NOT NULL THEN 'own'
        WHEN account_id IN (SELECT id FROM merchant_account WHERE provider = 'stripe')
          OR EXISTS (SELECT 1 FROM statement_line
                     WHERE statement_id = statement.id AND kind = 'payout') THEN 'named'
        ELSE 'later' END
    WHERE leg = 'settlement'
"""

_SHARES = """
    INSERT INTO statement_share (statement_id, batch, currency, count, gross, fee, net)
    SELECT statement_id, coalesce(batch, ''), currency,
           count(*), sum(gross), sum(fee), sum(net)
    FROM statement_line WHERE leg = 'settlement' AND kind <> 'payout'
    GROUP BY statement_id, coalesce(batch, ''), currency
"""


def upgrade() -> None:
    op.add_column("statement", sa.Column("paid_by", sa.String(), nullable=True))
    is_payout = sa.text("kind = 'payout'")
    op.create_index(
        "ix_statement_line_payout", "statement_line", ["account_id", "leg", "book_day"],
        sqlite_where=is_payout, postgresql_where=is_payout,
    )  # fmt: skip
    op.create_table(
        "statement_share",
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("batch", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.CheckConstraint("net = gross - fee", name=op.f("ck_statement_share_foots")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name="fk_statement_share_statement_id_statement"
        ),
        sa.PrimaryKeyConstraint("statement_id", "batch", "currency", name="pk_statement_share"),
    )
    op.create_table(
        "payout_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("rule_set", sa.BigInteger(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("matched_by", sa.String(), nullable=False),
        sa.CheckConstraint("net = gross - fee", name=op.f("ck_payout_batch_foots")),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["statement_line.id"], name="fk_payout_batch_payout_id_statement_line"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["merchant_account.id"],
            name="fk_payout_batch_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_payout_batch"),
        sa.UniqueConstraint("payout_id", name="uq_payout_batch_payout_id"),
    )  # fmt: skip
    op.execute(_WHO_PAYS)
    op.execute(_SHARES)


def downgrade() -> None:
    op.drop_table("payout_batch")
    op.drop_table("statement_share")
    op.execute(
        "DELETE FROM break WHERE leg = 'payout' AND id NOT IN (SELECT break_id FROM break_act)"
    )
    op.drop_index("ix_statement_line_payout", "statement_line")
    op.execute("UPDATE statement SET batch = NULL WHERE paid_by = 'later'")
    op.drop_column("statement", "paid_by")
