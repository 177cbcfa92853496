"""Errors: explained to a person, counted for a program, and silent about our insides."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.exc import ProgrammingError

from parking.errors import NotAllowed, TooMany
from parking.house import House
from parking.people.roles import EVERYBODY, MATRIX
from payments import db
from payments.db import Databases, connect
from payments.errors import Complaint, Conflict, NotFound, Unavailable, WrongUsage
from tests.web.kit import Browser, HandClock, make_house

JSON = {"Accept": "application/json"}


@pytest.fixture
def failing(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], Browser]:
    """A browser on an application whose page ``/fail`` raises."""
    monkeypatch.setitem(MATRIX, "fail", EVERYBODY)

    def prepare(error: Exception) -> Browser:
        def fail() -> str:
            raise error

        browser.app.add_url_rule("/fail", "fail", fail)
        return browser

    return prepare


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (WrongUsage("There is no lot %(lot)s.", lot="<b>"), 400),
        (NotFound("There is no lot %(lot)s.", lot="<b>"), 404),
        (Conflict("There is no lot %(lot)s.", lot="<b>"), 409),
        (NotAllowed("There is no lot %(lot)s.", lot="<b>"), 403),
        (Unavailable("There is no lot %(lot)s.", lot="<b>"), 503),
        (TooMany("There is no lot %(lot)s.", 60, lot="<b>"), 429),
    ],
)
def test_a_complaint_is_explained_in_the_readers_language(
    failing: Callable[[Exception], Browser], error: Complaint, status: int
) -> None:
    browser = failing(error)
    page, english = browser.get("/fail"), browser.get("/fail?lang=en")
    assert page.status_code == status
    assert "Không có bãi xe &lt;b&gt;." in page.get_data(as_text=True)
    assert "There is no lot &lt;b&gt;." in english.get_data(as_text=True)
    assert ("Retry-After" in page.headers) == (status in (429, 503))


def test_a_program_is_answered_in_json(failing: Callable[[Exception], Browser]) -> None:
    answer = failing(NotFound("There is no lot %(lot)s.", lot="Z9")).get("/fail", headers=JSON)
    assert answer.status_code == 404
    assert answer.get_json() == {"error": "Không có bãi xe Z9."}


def test_a_payment_company_is_a_program_whatever_it_accepts(browser: Browser) -> None:
    answer = browser.client.post("/payments/nobody/notify", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "nobody" in answer.get_json()["error"]


def test_our_own_mistake_gives_a_number_and_nothing_else(
    failing: Callable[[Exception], Browser], caplog: pytest.LogCaptureFixture
) -> None:
    error = ProgrammingError("SELECT secret FROM person", {"name": "an"}, Exception("no table"))
    with caplog.at_level(logging.ERROR):
        answer = failing(error).get("/fail", headers=JSON)
    told = answer.get_json()
    assert answer.status_code == 500
    assert not any(word in str(told) for word in ("SELECT", "Traceback", "no table", "secret"))
    assert told["reference"] in caplog.text


def test_the_number_stands_on_the_page(failing: Callable[[Exception], Browser]) -> None:
    page = failing(RuntimeError("/etc/secrets")).get("/fail").get_data(as_text=True)
    assert "Mã lỗi: " in page
    assert "/etc/secrets" not in page


@pytest.mark.parametrize(
    ("path", "method", "status", "words"),
    [
        ("/nothing", "GET", 404, "Không có trang này"),
        ("/sign-out", "GET", 405, "quay lại và thử lại"),
        ("/sign-in?lang=xx", "PUT", 405, "quay lại và thử lại"),
    ],
)
def test_a_wrong_address_or_method_is_explained(
    browser: Browser, path: str, method: str, status: int, words: str
) -> None:
    answer = browser.client.open(path, method=method)
    assert answer.status_code == status
    assert words in answer.get_data(as_text=True)
    assert ("Allow" in answer.headers) == (status == 405)


def test_too_large_a_form_is_refused(browser: Browser) -> None:
    answer = browser.client.post("/sign-in", data={"username": "x" * 2_000_000})
    assert answer.status_code == 413
    assert "quá lớn" in answer.get_data(as_text=True)


def on(house: House, databases: Databases) -> Browser:
    return Browser(replace(house, databases=databases))


def test_a_database_that_is_away_is_a_moment_to_wait(house: House, tmp_path: Path) -> None:
    for url in (f"sqlite:///{tmp_path}/no/such/folder.db", "postgresql+psycopg://127.0.0.1:1/x"):
        away = connect(url)
        browser = on(house, away)
        browser.client.set_cookie("sign-in", "somebody")
        answer = browser.get("/admin/", headers=JSON)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "SELECT" not in answer.get_data(as_text=True)
        assert browser.get("/healthz").status_code == 200
        assert browser.get("/readyz").status_code == 503
        notice = browser.client.post("/payments/x/notify", data=b"{}")
        assert notice.status_code == 503
        away.dispose()


def test_a_locked_database_is_a_moment_to_wait_and_loses_nothing(
    tmp_path: Path, sqlite_url: str, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = make_house(tmp_path / "var", sqlite_url, clock)
    Browser(house).become("admin")
    monkeypatch.setattr(db, "LOCK_WAIT_SECONDS", 0.05)
    impatient = on(house, connect(sqlite_url))
    with house.databases.engine.begin():
        answer = impatient.sign_in("admin-0", "wrong wrong wrong")
        assert answer.status_code == 503
        assert "Không có dữ liệu nào bị mất" in answer.get_data(as_text=True)
    assert impatient.sign_in("admin-0", "wrong wrong wrong").status_code == 403
    impatient.house.databases.dispose()
    house.databases.dispose()
