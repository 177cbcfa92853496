"""Nobody tries out plates by the hundred."""

from __future__ import annotations

from datetime import timedelta

import pytest

from parking.driver import pace
from parking.errors import TooMany
from parking.people import throttle
from tests.driver.kit import sign_path
from tests.kit import Town
from tests.web.kit import Browser


def count(town: Town, address: str, act: str = "start") -> None:
    with town.house.databases.write.begin() as tx:
        pace.count(tx, act, address, town.now)


def fill(town: Town, address: str) -> None:
    with town.house.databases.write.begin() as tx:
        for _ in range(pace.PER_ADDRESS):
            pace.count(tx, "start", address, town.now)


def test_an_address_that_starts_too_often_waits(town: Town) -> None:
    fill(town, "10.0.0.1")
    town.clock.forward(minutes=5)
    with pytest.raises(TooMany) as refused:
        count(town, "10.0.0.1")
    assert refused.value.retry_after == 601
    count(town, "10.0.0.2")
    count(town, "10.0.0.1", "pay")
    town.clock.now += throttle.WINDOW - timedelta(minutes=5)
    count(town, "10.0.0.1")


def test_one_ipv6_network_counts_as_one(town: Town) -> None:
    fill(town, "2001:db8:1:1::1")
    with pytest.raises(TooMany):
        count(town, "2001:db8:1:1:ffff::2")
    count(town, "2001:db8:1:2::1")


def test_an_address_nobody_knows_is_counted_too(town: Town) -> None:
    fill(town, "")
    with pytest.raises(TooMany):
        count(town, "")


def test_starting_to_park_costs_no_attempt_to_sign_in(town: Town) -> None:
    fill(town, "10.0.0.1")
    with town.house.databases.write.begin() as tx:
        throttle.count(tx, "hoa", "10.0.0.1", town.now)


def test_the_page_says_429_and_when_to_come_back(town: Town, driver: Browser) -> None:
    fill(town, "127.0.0.1")
    sign = sign_path(town)
    answer = driver.post(sign, page=sign, plate="30A-1", vehicle="car")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "901"
