from __future__ import annotations

import pytest

from tests.kit import Town
from tests.shifts.kit import Counter, make_counter


@pytest.fixture
def counter(town: Town) -> Counter:
    """Hoa and Bình work at HK01, and the house takes cash."""
    return make_counter(town)
