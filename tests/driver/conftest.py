from __future__ import annotations

import pytest

from tests.kit import Town
from tests.web.kit import Browser


@pytest.fixture
def driver(town: Town) -> Browser:
    """A driver's phone: nobody is signed in."""
    return Browser(town.house)
