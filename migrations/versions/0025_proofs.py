"""What people decide about statements is append-only and sealed."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision: str | None = "0024"
branch_labels = None
depends_on = None

#: What a file was when it came, and what was proposed; what becomes of it is added to the row.
_FIXED = {
    "statement": "id, account_id, leg, day, name, sha256, complete, received_at, count, gross, fee, net",
    "upload": "id, account_id, name, sha256, offered_by, offered_at",
    "hand_match": "id, account_id, act, line_id, movement_id, amount, difference, currency,"
    " proposed_by, proposed_at",
}


def upgrade() -> None:
    _digests_of_mappings()
    _ids_of_published_files()
    _hand_match()
    for table, columns in _FIXED.items():
        _guard(table, f"UPDATE OF {columns}")
        _guard(table, "DELETE")
        if _on_postgresql():
            _guard(table, "TRUNCATE")


def _hand_match() -> None:
    undecided = sa.text("outcome IS NULL")
    op.create_table(
        "hand_match",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("movement_id", sa.Uuid(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("difference", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("proposed_by", sa.String(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        *_hand_match_rules(),
        sa.PrimaryKeyConstraint("id", name="pk_hand_match"),
    )
    for name, column in (("line", "line_id"), ("movement", "movement_id")):
        op.create_index(
            f"ux_hand_match_{name}",
            "hand_match",
            [column],
            unique=True,
            sqlite_where=undecided,
            postgresql_where=undecided,
        )


def _hand_match_rules() -> Iterator[sa.Constraint]:
    checks = {
        "act": "act IN ('match', 'unmatch')",
        "outcome": "outcome IN ('approved', 'refused', 'lapsed')",
        "decided": "(outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)",
        "two_people": "outcome <> 'approved' OR decided_by <> proposed_by",
    }
    for name, rule in checks.items():
        yield sa.CheckConstraint(rule, name=op.f(f"ck_hand_match_{name}"))
    for column, target in (
        ("account_id", "merchant_account"),
        ("line_id", "statement_line"),
        ("movement_id", "movement"),
    ):
        name = f"fk_hand_match_{column}_{target}"
        yield sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)


def _digests_of_mappings() -> None:
    _add("statement_mapping", "digest", "VARCHAR")
    rows = op.get_bind().execute(sa.text("SELECT id, mapping FROM statement_mapping")).all()
    told = [
        {"id": row.id, "new": hashlib.sha256(_canonical(row.mapping)).hexdigest()} for row in rows
    ]
    _fill("statement_mapping", "digest", "id = :id", told)


def _canonical(mapping: object) -> bytes:
    """As the house writes JSON when it hashes it; SQLite hands JSON out as text."""
    told = json.loads(mapping) if isinstance(mapping, str) else mapping
    return json.dumps(told, sort_keys=True, ensure_ascii=False).encode()


def _ids_of_published_files() -> None:
    _add("published_file", "id", "UUID" if _on_postgresql() else "CHAR(32)")
    rows = op.get_bind().execute(
        sa.text(
            "SELECT figure_id, language, format FROM published_file"
            " ORDER BY figure_id, language, format"
        )
    )
    told = [
        {"figure": row.figure_id, "language": row.language, "format": row.format, "new": new}
        for row, new in zip(rows.all(), _ids(), strict=False)
    ]
    found = "figure_id = :figure AND language = :language AND format = :format"
    _fill("published_file", "id", found, told)
    op.create_index("ux_published_file_id", "published_file", ["id"], unique=True)


def _ids() -> Iterator[uuid.UUID | str]:
    """UUIDv7 of this moment, one after the other, as the database keeps them."""
    begin = int(time.time() * 1000) << 80 | 0x7 << 76 | 0x8 << 60
    while True:
        begin += 1
        made = uuid.UUID(int=begin)
        yield made if _on_postgresql() else made.hex


def _add(table: str, column: str, kind: str) -> None:
    """A column that every row will have; SQLite wants a default for it."""
    needs = "" if _on_postgresql() else " NOT NULL DEFAULT ''"
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}{needs}")


def _fill(table: str, column: str, where: str, values: list[dict[str, object]]) -> None:
    """Give the rows there are their value: this once, an append-only table takes it."""
    _unguard(table, "update")
    if values:
        op.get_bind().execute(sa.text(f"UPDATE {table} SET {column} = :new WHERE {where}"), values)
    if _on_postgresql():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL")
    _guard(table, "UPDATE")


def _guard(table: str, when: str) -> None:
    act = when.split()[0].lower()
    scope = "STATEMENT" if act == "truncate" else "ROW"
    does = (
        f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
        if _on_postgresql()
        else f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: write a correcting row instead'); END"
    )
    op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {when} ON {table} {does}")


def _unguard(table: str, act: str) -> None:
    op.execute(f"DROP TRIGGER {table}_no_{act}" + (f" ON {table}" if _on_postgresql() else ""))


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def downgrade() -> None:
    for table in _FIXED:
        for act in ("update", "delete", "truncate") if _on_postgresql() else ("update", "delete"):
            _unguard(table, act)
    op.drop_table("hand_match")
    op.drop_index("ux_published_file_id", "published_file")
    op.drop_column("published_file", "id")
    op.drop_column("statement_mapping", "digest")
