"""After how many days what has not come is missing is a rule that two people agree on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision: str | None = "0026"
branch_labels = None
depends_on = None

_BEFORE = "kind IN ('other', 'tolerance')"
_AFTER = "kind IN ('other', 'tolerance', 'window')"
_MESSAGE = "line_rule is append-only: write its next version instead"
#: What a rule said until now.
_SAID = (
    "id, series, version, operator, account_id, kind, tolerance, leg, words, sign, least, most, label,"
    " proposed_by, proposed_at"
)


def upgrade() -> None:
    _kinds(_BEFORE, _AFTER)
    # with the column: SQLite takes no other constraint later, and gives this one up with the column
    op.execute(
        "ALTER TABLE line_rule ADD COLUMN days BIGINT"
        " CONSTRAINT ck_line_rule_window CHECK ((kind = 'window') = (days IS NOT NULL))"
        " CONSTRAINT ck_line_rule_days CHECK (days BETWEEN 0 AND 31)"
    )
    _unguard("update")
    _guard(f"UPDATE OF {_SAID}, days")


def _kinds(before: str, after: str) -> None:
    """Another check of `line_rule.kind`; SQLite's schema is rewritten in place as in 0008."""
    bind = op.get_bind()
    if _on_postgresql():
        op.execute("ALTER TABLE line_rule DROP CONSTRAINT ck_line_rule_kind")
        op.execute(f"ALTER TABLE line_rule ADD CONSTRAINT ck_line_rule_kind CHECK ({after})")
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'line_rule'",
        (before, after),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _guard(when: str) -> None:
    does = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        if _on_postgresql()
        else f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"
    )
    act = when.split()[0].lower()
    op.execute(f"CREATE TRIGGER line_rule_no_{act} BEFORE {when} ON line_rule {does}")


def _unguard(act: str) -> None:
    op.execute(f"DROP TRIGGER line_rule_no_{act}" + (" ON line_rule" if _on_postgresql() else ""))


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def downgrade() -> None:
    for act in ("update", "delete"):
        _unguard(act)
    op.execute(sa.text("DELETE FROM line_rule WHERE kind = 'window'"))
    op.drop_column("line_rule", "days")
    _kinds(_AFTER, _BEFORE)
    _guard(f"UPDATE OF {_SAID}")
    _guard("DELETE")
