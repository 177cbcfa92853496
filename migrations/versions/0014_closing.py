"""Book days that close, their certificates and the chain of seals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision: str | None = "0013"
branch_labels = None
depends_on = None

APPEND_ONLY = ("certificate", "seal")
_LIVE = sa.text("state IN ('asked', 'closing', 'closed')")
_STATES = "state IN ('asked', 'closing', 'closed', 'reopened', 'withdrawn')"


def upgrade() -> None:
    _book_day()
    _certificate()
    _closing()
    _closing_exception()
    _seal()
    op.create_index("ix_retelling_notice_id", "retelling", ["notice_id", "movement_id"])
    for table in APPEND_ONLY:
        _protect(table)


def _book_day() -> None:
    op.create_table(
        "book_day",
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('closing', 'closed')", name=op.f("ck_book_day_state")),
        sa.PrimaryKeyConstraint("operator", "day", name="pk_book_day"),
    )


def _certificate() -> None:
    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_certificate"),
        sa.UniqueConstraint("operator", "number", name="uq_certificate_operator_number"),
        sa.UniqueConstraint(
            "operator", "day", "revision", name="uq_certificate_operator_day_revision"
        ),
    )


def _closing() -> None:
    op.create_table(
        "closing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("begun_by", sa.String(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("certificate_id", sa.Uuid(), nullable=True),
        sa.Column("reopen_reason", sa.String(), nullable=True),
        sa.Column("reopen_asked_by", sa.String(), nullable=True),
        sa.Column("reopen_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.String(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(_STATES, name=op.f("ck_closing_state")),
        sa.CheckConstraint("reopened_by <> reopen_asked_by", name=op.f("ck_closing_two_people")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["certificate.id"], name="fk_closing_certificate_id_certificate"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_closing"),
    )
    op.create_index(
        "ux_closing_live",
        "closing",
        ["operator", "day"],
        unique=True,
        sqlite_where=_LIVE,
        postgresql_where=_LIVE,
    )


def _closing_exception() -> None:
    op.create_table(
        "closing_exception",
        sa.Column("closing_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("named_by", sa.String(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "confirmed_by <> named_by", name=op.f("ck_closing_exception_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["closing_id"], ["closing.id"], name="fk_closing_exception_closing_id_closing"
        ),
        sa.PrimaryKeyConstraint("closing_id", "subject", name="pk_closing_exception"),
    )


def _seal() -> None:
    op.create_table(
        "seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("form", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.String(), nullable=False),
        sa.Column("last", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.String(), nullable=False),
        sa.Column("marks", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_seal_number_positive")),
        sa.CheckConstraint("count > 0", name=op.f("ck_seal_count_positive")),
        sa.PrimaryKeyConstraint("number", name="pk_seal"),
    )
    op.create_index("ix_seal_source", "seal", ["source", "last"])


def _protect(table: str) -> None:
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    for act in ("update", "delete") + (("truncate",) if on_postgresql else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        message = f"{table} is append-only: write a correcting row instead"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if on_postgresql
            else f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} {does}")


def downgrade() -> None:
    op.drop_index("ix_retelling_notice_id", "retelling")
    for table in ("seal", "closing_exception", "closing", "certificate", "book_day"):
        op.drop_table(table)
