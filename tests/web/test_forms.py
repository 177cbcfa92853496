"""A form counts only when one of our own pages sent it."""

from __future__ import annotations

from pathlib import Path

import pytest

from parking.web.forms import EXEMPT
from tests.web.kit import Browser, HandClock, make_house
from tests.web.routes import routes

CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


def test_every_changing_route_wants_our_token_but_the_one_for_providers(browser: Browser) -> None:
    browser.become("admin")
    open_to_anybody = set()
    for route in routes(browser.app):
        if route.method not in CHANGING:
            continue
        answer = browser.client.open(route.path, method=route.method)
        refused = answer.status_code == 400 and "mở quá lâu" in answer.get_data(as_text=True)
        others = answer.status_code == 403 and "Vai trò" in answer.get_data(as_text=True)
        if not refused and not others:
            open_to_anybody.add(route.endpoint)
    assert open_to_anybody == set(EXEMPT)


def test_what_is_exempt_exists(browser: Browser) -> None:
    assert set(EXEMPT) <= set(browser.app.view_functions)


@pytest.mark.parametrize("token", ["", "x", "IjEyMyI.abc.def"])
def test_a_forged_token_changes_nothing(browser: Browser, token: str) -> None:
    browser.become("admin")
    answer = browser.client.post("/sign-out", data={"csrf_token": token})
    assert answer.status_code == 400
    assert browser.get("/admin/").status_code == 200


def test_a_token_of_another_browser_is_worth_nothing(browser: Browser) -> None:
    browser.become("admin")
    token = Browser(browser.house).token("/sign-in")
    assert browser.client.post("/sign-out", data={"csrf_token": token}).status_code == 400


def test_over_tls_another_site_cannot_even_send_a_right_token(
    tmp_path: Path, sqlite_url: str, clock: HandClock
) -> None:
    house = make_house(tmp_path / "var", sqlite_url, clock, PUBLIC_URL="https://do.xe")
    browser = Browser(house)
    browser.become("admin")
    token = browser.token("/admin/")
    answer = browser.client.post(
        "/sign-out",
        data={"csrf_token": token},
        base_url="https://do.xe",
        headers={"Referer": "https://evil.example/", "X-Forwarded-Proto": "https"},
    )
    assert answer.status_code == 400
    house.databases.dispose()


def test_a_browser_that_keeps_no_cookies_is_told_so(browser: Browser) -> None:
    token = browser.token("/sign-in")
    stranger = browser.app.test_client(use_cookies=False)
    answer = stranger.post("/sign-in", data={"csrf_token": token})
    assert answer.status_code == 400
    assert "cho phép cookie" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/?lot=%00", "/?%00=1", "/lot/A%00", "/payments/%00/notify"])
def test_an_address_with_a_nul_is_refused_before_any_page(browser: Browser, path: str) -> None:
    assert browser.get(path).status_code == 400


@pytest.mark.parametrize("form", [{"username": "a\0"}, {"a\0": "x"}])
def test_a_form_with_a_nul_is_refused_before_any_page(
    browser: Browser, form: dict[str, str]
) -> None:
    answer = browser.client.post("/sign-in", data={"csrf_token": browser.token("/sign-in"), **form})
    assert answer.status_code == 400
    assert "Không đọc được yêu cầu này" in answer.get_data(as_text=True)


def test_the_body_of_a_notice_is_left_to_the_provider(browser: Browser) -> None:
    answer = browser.client.post("/payments/nobody/notify", data={"a": "\0"})
    assert answer.status_code == 404
