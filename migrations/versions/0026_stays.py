"""Stays are counted per day, and sums of a whole city are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision: str | None = "0025"
branch_labels = None
depends_on = None

_BEFORE = "span IN ('day', 'third', 'month', 'year')"
_AFTER = "span IN ('day', 'sixth', 'third', 'month', 'quarter', 'year')"


def upgrade() -> None:
    _spans(_BEFORE, _AFTER)
    op.create_index(
        "ix_summary_state_stale",
        "summary_state",
        ["span", "period"],
        sqlite_where=sa.text("stale = 1"),
        postgresql_where=sa.text("stale"),
    )
    _more_spans()
    _stays()


def _spans(before: str, after: str) -> None:
    """Another check of `summary.span`; SQLite's schema is rewritten in place as in 0008."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute("ALTER TABLE summary DROP CONSTRAINT ck_summary_span")
        op.execute(f"ALTER TABLE summary ADD CONSTRAINT ck_summary_span CHECK ({after})")
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.exec_driver_sql(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'summary'",
        (before, after),
    )
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")


def _more_spans() -> None:
    """Quarters and sixths of months around every day that is known, and what the city's sums are made
    of, all stale until the hourly job has run."""
    states = sa.table(
        "summary_state",
        *(sa.column(name, kind) for name, kind in (
            ("span", sa.String()), ("period", sa.Date()), ("operator", sa.String()),
            ("stale", sa.Boolean()), ("computed_at", sa.DateTime(timezone=True)),
        )),
    )  # fmt: skip
    bind = op.get_bind()
    bind.execute(sa.update(states).where(states.c.span != "day").values(stale=True))
    days = sa.select(states.c.operator, states.c.period).where(states.c.span == "day")
    keys = {(span, first, operator) for operator, day in bind.execute(days)
            for span, first in _around(day)}  # fmt: skip
    now = datetime.now(UTC)
    rows = [
        {"span": span, "period": first, "operator": operator, "stale": True, "computed_at": now}
        for span, first, operator in sorted(keys)
    ]
    if rows:
        bind.execute(sa.insert(states), rows)


def _around(day: date) -> Iterator[tuple[str, date]]:
    yield "quarter", day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    yield "sixth", day.replace(day=1 + min((day.day - 1) // 5, 5) * 5)


def _stays() -> None:
    for name in ("stays", "exempt"):
        op.execute(f"ALTER TABLE summary ADD COLUMN {name} BIGINT NOT NULL DEFAULT 0")
    op.create_table(
        "stay_total",
        sa.Column("operator", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("cost_centre", sa.String(), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("stays", sa.BigInteger(), nullable=False),
        sa.Column("exempt", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("exempt BETWEEN 0 AND stays", name=op.f("ck_stay_total_exempt")),
        sa.PrimaryKeyConstraint("operator", "day", "cost_centre", "product", name="pk_stay_total"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stay_mark",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True,
            nullable=False,
        ),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("lot_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_stay_mark"),
    )  # fmt: skip
    op.create_index("ix_stay_mark_day", "stay_mark", ["day", "lot_id"])
    known = _day("exit_at")
    op.execute(
        f"INSERT INTO stay_mark (day, lot_id) SELECT DISTINCT {known}, lot_id FROM parking_session"
        " WHERE exit_at IS NOT NULL"
    )
    for statement in _triggers():
        op.execute(statement)


def _day(instant: str) -> str:
    """SQL: the city's day of an instant, as `parking.watch.days.city_day` says it."""
    if op.get_bind().dialect.name == "postgresql":
        return f"CAST({instant} AT TIME ZONE 'Asia/Ho_Chi_Minh' AS DATE)"
    return f"date(substr({instant}, 1, 19), '+7 hours')"


def _triggers() -> Iterator[str]:
    """Whatever changes how many stays ended at a lot on a day marks that day, whoever does it."""
    marks = {
        row: f"INSERT INTO stay_mark (day, lot_id) SELECT {_day(f'{row}.exit_at')}, {row}.lot_id"
        f" WHERE {row}.exit_at IS NOT NULL"
        for row in ("OLD", "NEW")
    }
    counted = "exit_at, lot_id, vehicle_class, pass_id"
    if op.get_bind().dialect.name != "postgresql":
        yield (
            "CREATE TRIGGER parking_session_ended AFTER INSERT ON parking_session"
            f" BEGIN {marks['NEW']}; END"
        )
        yield (
            f"CREATE TRIGGER parking_session_changed AFTER UPDATE OF {counted} ON parking_session"
            f" BEGIN {marks['OLD']}; {marks['NEW']}; END"
        )
        return
    yield (
        "CREATE FUNCTION mark_stay() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'UPDATE' THEN {marks['OLD']}; END IF; {marks['NEW']}; RETURN NULL; END $$"
    )
    yield (
        "CREATE TRIGGER parking_session_ended AFTER INSERT ON parking_session"
        " FOR EACH ROW EXECUTE FUNCTION mark_stay()"
    )
    yield (
        f"CREATE TRIGGER parking_session_changed AFTER UPDATE OF {counted} ON parking_session"
        " FOR EACH ROW EXECUTE FUNCTION mark_stay()"
    )


def downgrade() -> None:
    for trigger in ("parking_session_ended", "parking_session_changed"):
        table = " ON parking_session" if op.get_bind().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {trigger}{table}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION mark_stay()")
    op.drop_table("stay_mark")
    op.drop_table("stay_total")
    # what is left of a summary without its stays may be a row of nothing, which nobody wrote before
    op.execute(
        "DELETE FROM summary WHERE count = 0 AND gross = 0 AND refunds = 0 AND fees = 0 AND breaks = 0"
    )
    for name in ("stays", "exempt"):
        op.execute(f"ALTER TABLE summary DROP COLUMN {name}")
    op.execute("DELETE FROM summary WHERE span IN ('sixth', 'quarter') OR operator = '*'")
    op.execute("DELETE FROM summary_state WHERE span IN ('sixth', 'quarter') OR operator = '*'")
    op.drop_index("ix_summary_state_stale", "summary_state")
    _spans(_AFTER, _BEFORE)
