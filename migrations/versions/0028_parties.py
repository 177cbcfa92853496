"""Who stands on the other side of a bank's line, where the bank says so, and rules that ask for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision: str | None = "0027"
branch_labels = None
depends_on = None

_MESSAGE = "line_rule is append-only: write its next version instead"
#: What a rule said until now.
_SAID = (
    "id, series, version, operator, account_id, kind, tolerance, leg, words, sign, least, most, label,"
    " proposed_by, proposed_at, days"
)


def upgrade() -> None:
    op.create_table(
        "line_party",
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["statement_line.id"], name="fk_line_party_line_id_statement_line"
        ),
        sa.PrimaryKeyConstraint("line_id", name="pk_line_party"),
    )
    op.execute("ALTER TABLE line_rule ADD COLUMN party VARCHAR NOT NULL DEFAULT ''")
    if _on_postgresql():
        op.execute("ALTER TABLE line_rule ALTER COLUMN party DROP DEFAULT")
    _unguard()
    _guard(f"{_SAID}, party")


def _guard(columns: str) -> None:
    does = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        if _on_postgresql()
        else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    )
    op.execute(f"CREATE TRIGGER line_rule_no_update BEFORE UPDATE OF {columns} ON line_rule {does}")


def _unguard() -> None:
    op.execute("DROP TRIGGER line_rule_no_update" + (" ON line_rule" if _on_postgresql() else ""))


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def downgrade() -> None:
    _unguard()
    # a rule that forgot whom it asks for would name other people's lines: its text must say them now
    op.execute(
        "UPDATE line_rule SET words = CASE WHEN words = '' THEN party ELSE words || '; ' || party END"
        " WHERE party <> ''"
    )
    op.drop_column("line_rule", "party")
    _guard(_SAID)
    op.drop_table("line_party")
