"""Half past five: two attendants at one lot, three hundred vehicles, at most two touches each. How soon
a change is seen is measured by `benchmarks/peak.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import City
from tests.browser.lane import arrive, exempt, find, open_lane
from tests.browser.peak import (
    begin,
    digits_of,
    every_exit,
    finish,
    let_out_after_paying,
    phones,
    plates,
)

VEHICLES, PAYING, RACES, SHARED = 300, 4, 4, 40


@pytest.fixture
def lanes(city: City, chrome: Browser) -> Iterator[list[Page]]:
    """Two phones, a person each, at the two lanes of one lot."""
    with phones(city, chrome) as pages:
        yield pages


def both_at_once(lanes: tuple[Page, Page], plate: str) -> None:
    """Both have the vehicle before them, and both touch: whoever comes second is told so."""
    rows = [find(lane, digits_of(plate)) for lane in lanes]
    for row in rows:
        expect(row).to_have_attribute("data-plate", plate)
    with ExitStack() as stack:
        answers = [stack.enter_context(lane.expect_response("**/attendant/acts")) for lane in lanes]
        for row in rows:  # no waiting in between for what the first touch does
            row.locator("[data-act=out]").dispatch_event("click")
    outcomes = [answer.value.json()["answers"][0]["outcome"] for answer in answers]
    assert sorted(outcomes) == ["conflict", "done"]
    second = lanes[outcomes.index("conflict")]
    expect(second.locator(".troubles li")).to_contain_text(f"Xe {plate} đã ra rồi")
    second.locator("[data-act=seen]").click()
    for lane in lanes:
        expect(lane.locator(".troubles li")).to_have_count(0)


def test_three_hundred_leave_by_two_lanes_and_none_twice(city: City, lanes: list[Page]) -> None:
    sessions = arrive(city, *plates(VEHICLES))
    exempt(city, sessions[PAYING : VEHICLES // 2])
    for page in lanes:
        open_lane(city, page)
        expect(page.locator("[data-part=fresh]")).to_contain_text(f"{VEHICLES} xe")
    for session in sessions[:PAYING]:
        let_out_after_paying(city, lanes[0], session)
    for session in sessions[PAYING : PAYING + RACES]:
        both_at_once((lanes[0], lanes[1]), session.plate)
    rest = [session.plate for session in sessions[PAYING + RACES :]]
    begin(lanes, [rest[:SHARED] + rest[SHARED + at :: 2] for at in range(2)], (0, 0))
    played = finish(lanes)
    shown = [row for one in played for row in one["shown"]]
    told = [text for one in played for text in one["told"]]
    assert max(row["touches"] for row in shown) <= 2
    assert sum(row["touches"] > 0 for row in shown) == len(rest) + len(told)
    assert all("đã ra rồi" in text for text in told)
    for page in lanes:
        expect(page.locator("[data-part=fresh]")).to_contain_text(re.compile(r"^0 xe"))
    assert every_exit(city) == Counter(session.reference for session in sessions)
