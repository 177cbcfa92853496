"""A PostgreSQL server of the installed kind for one benchmark: durable settings, its own folder.

`BENCH_DATABASE_URL` names a server to use instead. Runs as a user that is not root, as PostgreSQL
demands; `fsync`, `synchronous_commit` and `full_page_writes` stay on.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url

from parking import schema
from payments.db import connect

USER = "postgres"


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def binary(name: str) -> str:
    """The installed program `name`; ends the benchmark with what to install when there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    found = shutil.which(name) or next(map(str, places), None)
    if found is None:
        sys.exit(f"{name} is not installed: install PostgreSQL 15 or later, or name a server.")
    return found


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a server that ends with the block."""
    given = os.environ.get("BENCH_DATABASE_URL")
    if given:
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    as_user = {"user": USER, "extra_groups": []} if os.getuid() == 0 else {}
    if as_user:
        owner = pwd.getpwnam(USER)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, port = folder / "data", free_port()
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "cwd": folder, **as_user}
    subprocess.run([binary("initdb"), "-D", data, "-U", USER, "-A", "trust"], **quiet)  # type: ignore[call-overload]
    options = f"-p {port} -h 127.0.0.1 -k {folder} -c shared_buffers=512MB"
    control = [binary("pg_ctl"), "-D", data, "-w", "-l", folder / "log"]
    subprocess.run([*control, "-o", options, "start"], **quiet)  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://{USER}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
        shutil.rmtree(folder)


def fresh_database(server: str) -> str:
    """The address of a new, migrated database on `server`."""
    name = f"bench_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    admin.dispose()
    address = make_url(server).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(address)
    schema.upgrade(engine)
    engine.dispose()
    return address


def on_both(run: Callable[[str, str], object]) -> None:
    """Call `run` with the name and the address of a fresh, migrated database of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        databases = connect(url)
        schema.upgrade(databases.engine)
        databases.dispose()
        run("SQLite", url)
    with postgresql() as server:
        run("PostgreSQL", fresh_database(server))
