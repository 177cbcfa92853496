from __future__ import annotations

import pytest

from parking.sessions.models import ParkingSession
from tests.driver.kit import session_path
from tests.kit import Town
from tests.web.kit import Browser


@pytest.fixture
def driver(town: Town) -> Browser:
    """A driver's phone: nobody is signed in."""
    return Browser(town.house)


@pytest.fixture
def car(town: Town) -> ParkingSession:
    """A car that has stood for fifty minutes: 25,000 dong."""
    session = town.arrive()
    town.clock.forward(minutes=50)
    return session


@pytest.fixture
def path(town: Town, car: ParkingSession) -> str:
    """Where the page of that car's parking session is."""
    return session_path(town, car)
