"""A house for every payments test, on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime

import pytest

from payments.db import Databases
from tests.payments.kit import House, make_house


@pytest.fixture
def house(databases: Databases, now: datetime) -> House:
    """One operator, one merchant account, nothing paid yet."""
    return make_house(databases, now)
