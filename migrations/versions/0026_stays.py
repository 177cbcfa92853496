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


def downgrade() -> None:
    op.execute("DELETE FROM summary WHERE span IN ('sixth', 'quarter') OR operator = '*'")
    op.execute("DELETE FROM summary_state WHERE span IN ('sixth', 'quarter') OR operator = '*'")
    op.drop_index("ix_summary_state_stale", "summary_state")
    _spans(_AFTER, _BEFORE)
