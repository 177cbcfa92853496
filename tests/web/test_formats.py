"""Money, times and lengths as people read them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.web import cookies, formats


@pytest.mark.parametrize(
    ("span", "vi", "en"),
    [
        (timedelta(), "0 phút", "0 min"),
        (timedelta(seconds=-5), "0 phút", "0 min"),
        (timedelta(seconds=1), "1 phút", "1 min"),
        (timedelta(minutes=59, seconds=30), "1 giờ", "1 h"),
        (timedelta(hours=1, minutes=35), "1 giờ 35 phút", "1 h 35 min"),
        (timedelta(days=2, hours=3, minutes=4), "2 ngày 3 giờ", "2 d 3 h"),
    ],
)
def test_a_length_of_time_has_at_most_two_parts(span: timedelta, vi: str, en: str) -> None:
    assert formats.duration(span, "vi") == vi
    assert formats.duration(span, "en") == en


@settings(deadline=None, max_examples=100)
@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=365)))
def test_a_length_of_time_is_never_shown_shorter_within_a_day(span: timedelta) -> None:
    words = formats.duration(span % timedelta(days=1), "en").split()
    minutes = sum(
        int(count) * {"d": 1440, "h": 60, "min": 1}[unit]
        for count, unit in zip(words[::2], words[1::2], strict=True)
    )
    assert (
        timedelta() <= timedelta(minutes=minutes) - span % timedelta(days=1) < timedelta(minutes=1)
    )


def test_times_are_the_citys_and_numbers_the_readers() -> None:
    app = Flask("test")
    cookies.install(app, https=False)
    late = datetime(2026, 11, 20, 17, 30, tzinfo=UTC)
    with app.test_request_context("/?lang=en"):
        assert formats.money(20000) == "VND\u00a020,000"
        assert formats.number(1234567) == "1,234,567"
    with app.test_request_context("/"):
        assert formats.money(20000) == "20.000\u00a0₫"
        assert formats.money(1050, "USD") == "10,50\u00a0USD"
        assert formats.number(1234567) == "1.234.567"
        assert "00:30\u00a021/11/2026" in formats.when(late)
        assert formats.clock_time(late).endswith(">00:30</time>")
        assert formats.day(date(2026, 2, 3)) == '<time datetime="2026-02-03">03/02/2026</time>'
