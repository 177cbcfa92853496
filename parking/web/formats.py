"""Money, times and numbers as a person reads them: filters for every template.

Times are the city's local time, whatever the phone is set to.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Flask
from markupsafe import Markup

from parking.languages import translate
from parking.web.language import reader_language
from payments.db import CITY_ZONE
from payments.money import format_amount


def money(amount: int, currency: str = "VND") -> str:
    """`amount` in minor units, as the reader writes it."""
    return format_amount(amount, currency, reader_language())


def number(count: int) -> str:
    """A whole number with the reader's thousands separator."""
    return f"{count:,}".replace(",", "." if reader_language() == "vi" else ",")


def _time(instant: datetime, pattern: str) -> Markup:
    local = instant.astimezone(CITY_ZONE)
    return Markup('<time datetime="{}">{}</time>').format(
        local.isoformat(timespec="seconds"), local.strftime(pattern)
    )


def when(instant: datetime) -> Markup:
    """Time and day: 08:00 20/11/2026."""
    return _time(instant, "%H:%M\u00a0%d/%m/%Y")


def clock_time(instant: datetime) -> Markup:
    """The time alone: 08:00."""
    return _time(instant, "%H:%M")


def day(value: date) -> Markup:
    """A calendar day: 20/11/2026."""
    return Markup('<time datetime="{}">{}</time>').format(
        value.isoformat(), value.strftime("%d/%m/%Y")
    )


def duration(span: timedelta, language: str | None = None) -> str:
    """A length of time in days, hours and started minutes, at most two of them."""
    language = language or reader_language()
    minutes = -(-max(span, timedelta()) // timedelta(minutes=1))
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        translate(sentence, language, count=count)
        for sentence, count in (
            ("%(count)s d", days),
            ("%(count)s h", hours),
            ("%(count)s min", rest),
        )
        if count
    ]
    return " ".join(parts[:2]) or translate("%(count)s min", language, count=0)


def install(app: Flask) -> None:
    """Register the filters."""
    for filter_ in (money, number, when, clock_time, day, duration):
        app.jinja_env.filters[filter_.__name__] = filter_
