"""Alembic's entry: one metadata for the whole house, on SQLite and PostgreSQL.

The address comes from ``-x url=…``, else from DATABASE_URL, as everywhere else.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from parking.schema import Base, UtcDateTime
from payments.db import connect


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Migrations import nothing of ours: our column types are written as what they are stored as."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Migrate over a connection handed in by a caller, or one of our own."""
    handed = context.config.attributes.get("connection")
    if handed is not None:
        _migrate(handed)
        return
    url = context.get_x_argument(as_dictionary=True).get("url") or os.environ["DATABASE_URL"]
    databases = connect(url)
    with databases.engine.connect() as connection:
        _migrate(connection)
    databases.dispose()


def _migrate(connection: Any) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
