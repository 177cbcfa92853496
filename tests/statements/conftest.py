"""A desk at which bank statements are handed in, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from payments.db import Databases
from tests.statements.desk import UploadDesk, make_desk


@pytest.fixture
def desk(databases: Databases) -> UploadDesk:
    """One VietQR account, nothing handed in yet."""
    return make_desk(databases)
