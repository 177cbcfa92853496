"""Whoever watches the processes learns whether they live and whether they can serve."""

from __future__ import annotations

from pathlib import Path

from parking.app import create_app
from tests.web.kit import Browser, HandClock, make_house


def test_a_migrated_database_is_ready(browser: Browser) -> None:
    assert browser.get("/healthz").get_json() == {"status": "ok"}
    assert browser.get("/readyz").status_code == 200


def test_an_empty_database_is_alive_but_not_ready(tmp_path: Path, clock: HandClock) -> None:
    house = make_house(tmp_path / "var", f"sqlite:///{tmp_path}/empty.db", clock)
    client = create_app(house).test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    house.databases.dispose()
