"""The least a program could do: every row that a night leaves behind is known, cleaned and joined, and
goes into the same tables with the same keys, in one transaction, as fast as the database takes it.

PostgreSQL gets its own binary COPY format, SQLite lines from memory by `executemany` and everything
else by `INSERT … SELECT` from a database of exactly those rows.
"""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy import create_engine, make_url

from parking import schema

#: What a night adds to, in the order of references, and which of its rows are a night's.
TABLES = {
    "statement": "true",
    "statement_body": "true",
    "statement_share": "true",
    "statement_line": "true",
    "payout_batch": "true",
    "assignment": "true",
    "assignment_log": "true",
    "break": "true",
    "movement": "kind = 'fee'",
    "transfer": "kind = 'fee'",
    "account_day": "true",
    "day_total": "true",
}


class Target(Protocol):
    """A kind of database: databases by name, and the floor's run on one."""

    name: str

    def create(self, name: str) -> str:
        """The address of a new, migrated database."""

    def address(self, name: str) -> str: ...

    def copy(self, source: str, name: str) -> str:
        """The address of a database `name` with what is in `source`."""

    def clean(self, name: str, folder: Path) -> None:
        """Keep the rows that a night left in database `name`, for the floor."""

    def floor(self, source: str, name: str, folder: Path) -> float:
        """Seconds the floor takes to put those rows into a copy of `source`."""


class PostgreSQL:
    """Databases on a server."""

    name = "PostgreSQL"

    def __init__(self, server: str) -> None:
        self._server = make_url(server)

    def address(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _open(self, name: str, *, autocommit: bool = False) -> psycopg.Connection:
        plain = self._server.set(database=name, drivername="postgresql")
        return psycopg.connect(plain.render_as_string(hide_password=False), autocommit=autocommit)

    def _made(self, name: str, template: str) -> str:
        with self._open("postgres", autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name}")
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
            admin.execute("CHECKPOINT")
        return self.address(name)

    def create(self, name: str) -> str:
        engine = create_engine(self._made(name, "template1"))
        schema.upgrade(engine)
        engine.dispose()
        return self.address(name)

    def copy(self, source: str, name: str) -> str:
        return self._made(name, source)

    def clean(self, name: str, folder: Path) -> None:
        with self._open(name) as db, db.cursor() as cursor:
            for table, which in TABLES.items():
                rows = f'COPY (SELECT * FROM "{table}" WHERE {which}) TO STDOUT (FORMAT BINARY)'
                with (folder / table).open("wb") as file, cursor.copy(rows) as copy:
                    for part in copy:
                        file.write(part)

    def floor(self, source: str, name: str, folder: Path) -> float:
        self.copy(source, name)
        with self._open(name) as db:
            began = time.perf_counter()
            with db.cursor() as cursor:
                for table in TABLES:
                    into = f'COPY "{table}" FROM STDIN (FORMAT BINARY)'
                    with (folder / table).open("rb") as file, cursor.copy(into) as copy:
                        while part := file.read(1 << 20):
                            copy.write(part)
            db.commit()
            return time.perf_counter() - began


class SQLite:
    """Database files in a folder."""

    name = "SQLite"

    def __init__(self, place: Path) -> None:
        self._place = place

    def _file(self, name: str) -> Path:
        return self._place / f"{name}.db"

    def address(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def create(self, name: str) -> str:
        engine = create_engine(self.address(name))
        schema.upgrade(engine)
        engine.dispose()
        return self.address(name)

    def copy(self, source: str, name: str) -> str:
        for old in self._place.glob(f"{name}.db*"):
            old.unlink()
        shutil.copyfile(self._file(source), self._file(name))
        return self.address(name)

    def clean(self, name: str, folder: Path) -> None:
        kept = sqlite3.connect(folder / "clean.db")
        kept.execute("ATTACH ? AS night", (str(self._file(name)),))
        for table, which in TABLES.items():
            kept.execute(f'CREATE TABLE "{table}" AS SELECT * FROM night."{table}" WHERE {which}')
        kept.commit()
        kept.close()

    def floor(self, source: str, name: str, folder: Path) -> float:
        self.copy(source, name)
        db = sqlite3.connect(self._file(name), isolation_level=None)
        db.execute("ATTACH ? AS clean", (str(folder / "clean.db"),))
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-65536",
        ):
            db.execute(f"PRAGMA main.{pragma}")
        lines = db.execute("SELECT * FROM clean.statement_line").fetchall()
        places = ", ".join("?" * len(lines[0]))
        began = time.perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            if table == "statement_line":
                db.executemany(f"INSERT INTO main.{table} VALUES ({places})", lines)
            else:
                db.execute(f'INSERT INTO main."{table}" SELECT * FROM clean."{table}"')
        db.execute("COMMIT")
        seconds = time.perf_counter() - began
        db.close()
        return seconds
