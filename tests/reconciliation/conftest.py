"""A world for every reconciliation test, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from payments.db import Databases
from tests.reconciliation.kit import World, make_world


@pytest.fixture
def world(databases: Databases) -> World:
    """Two operators, nothing paid yet, a rail with settlement files and a bank feed."""
    return make_world(databases)
