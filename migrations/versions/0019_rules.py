"""Rules that people approve, the lines they name, and money they set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision: str | None = "0018"
branch_labels = None
depends_on = None

_MESSAGE = "line_rule is append-only: write its next version instead"
#: What a rule says; who decided about it is added to the row.
_SAYS = (
    "id, series, version, operator, account_id, kind, tolerance, leg, words, sign, least, most, label,"
    " proposed_by, proposed_at"
)


def upgrade() -> None:
    _line_rule()
    _other_line()
    _set_aside()
    _keep_rules()
    undone = sa.text("act = 'unmatch'")
    op.create_index(
        "ix_assignment_log_undone",
        "assignment_log",
        ["line_id", "counterpart_id"],
        unique=False,
        sqlite_where=undone,
        postgresql_where=undone,
    )


def _line_rule() -> None:
    op.create_table(
        "line_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("tolerance", sa.BigInteger(), nullable=True),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("sign", sa.BigInteger(), nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=True),
        sa.Column("most", sa.BigInteger(), nullable=True),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.String(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_by", sa.String(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('other', 'tolerance')", name=op.f("ck_line_rule_kind")),
        sa.CheckConstraint(
            "(kind = 'tolerance') = (tolerance IS NOT NULL AND account_id IS NOT NULL)",
            name=op.f("ck_line_rule_what_it_says"),
        ),
        sa.CheckConstraint("tolerance > 0", name=op.f("ck_line_rule_tolerance")),
        sa.CheckConstraint("leg IN ('settlement', 'bank')", name=op.f("ck_line_rule_leg")),
        sa.CheckConstraint("sign IN (1, -1)", name=op.f("ck_line_rule_sign")),
        sa.CheckConstraint("least > 0 AND most >= least", name=op.f("ck_line_rule_range")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_line_rule_two_people")),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_line_rule_account_id_merchant_account",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_line_rule"),
        sa.UniqueConstraint("series", "version", name="uq_line_rule_series_version"),
    )
    op.create_index("ix_line_rule_operator", "line_rule", ["operator"], unique=False)


def _other_line() -> None:
    op.create_table(
        "other_line",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("leg", sa.String(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["statement_line.id"], name="fk_other_line_line_id_statement_line"
        ),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["merchant_account.id"],
            name="fk_other_line_account_id_merchant_account",
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["line_rule.id"], name="fk_other_line_rule_id_line_rule"
        ),
        sa.PrimaryKeyConstraint("line_id", name="pk_other_line"),
    )
    for column in ("account_id", "rule_id"):
        op.create_index(f"ix_other_line_{column}", "other_line", [column], unique=False)


def _set_aside() -> None:
    op.create_table(
        "set_aside",
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("because", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["movement_id"], ["movement.id"], name="fk_set_aside_movement_id_movement"
        ),
        sa.PrimaryKeyConstraint("movement_id", name="pk_set_aside"),
        sa.UniqueConstraint("cause", name="uq_set_aside_cause"),
    )
    op.create_index("ix_set_aside_because", "set_aside", ["because"], unique=False)


def _keep_rules() -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    acts = {"update": f"UPDATE OF {_SAYS}", "delete": "DELETE"}
    if on_postgresql:
        acts["truncate"] = "TRUNCATE"
    for act, when in acts.items():
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
        )
        op.execute(f"CREATE TRIGGER line_rule_no_{act} BEFORE {when} ON line_rule {does}")


def downgrade() -> None:
    op.drop_index("ix_assignment_log_undone", "assignment_log")
    for table in ("set_aside", "other_line", "line_rule"):
        op.drop_table(table)
