"""Static files are kept by browsers, and the style sheet's colours can be read."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from tests.web.kit import Browser

SHEET = Path("parking/static/parking.css").read_text()
LIGHT, DARK = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", part)) for part in re.split(
    r"@media \(prefers-color-scheme: dark\)", SHEET, maxsplit=1
))  # fmt: skip

PAIRS = [
    *product(("ink", "quiet"), ("ground", "paper", "sunk")),
    *((name, f"{name}-soft") for name in ("good", "warn", "bad")),
    ("link", "paper"), ("link", "ground"), ("ink", "brand-soft"), ("bad", "paper"),
    ("on-brand", "brand"), ("on-brand", "brand-deep"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(scheme: dict[str, str], text: str, ground: str) -> None:
    assert contrast(scheme[text], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, LIGHT | DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), [("edge", "paper"), ("ring", "ground")])
def test_edges_of_fields_and_the_focus_ring_can_be_seen(
    scheme: dict[str, str], line: str, ground: str
) -> None:
    assert contrast(scheme[line], scheme[ground]) >= 3


def test_a_named_file_is_kept_for_ever_and_an_unnamed_one_is_not(browser: Browser) -> None:
    page = browser.get("/sign-in").get_data(as_text=True)
    found = re.search(r'href="(/static/parking\.css\?v=\w+)"', page)
    assert found
    with browser.get(found[1]) as kept, browser.get("/static/parking.css") as unnamed:
        assert kept.status_code == 200
        assert "immutable" in kept.headers["Cache-Control"]
        assert "max-age=31536000" in kept.headers["Cache-Control"]
        assert "immutable" not in unnamed.headers["Cache-Control"]
        assert "max-age=3600" in unnamed.headers["Cache-Control"]
