"""What every answer tells the browser to refuse, asserted on every route there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import request
from werkzeug.test import TestResponse

from parking.house import House
from payments.provider import Provider
from payments.providers import PROVIDERS
from tests.web.kit import Browser, HandClock, make_house
from tests.web.routes import routes


def policy(answer: TestResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


def test_every_route_answers_with_every_header(browser: Browser) -> None:
    browser.become("admin")
    for route in routes(browser.app):
        answer = browser.client.open(route.path, method=route.method)
        told = policy(answer)
        assert told["default-src"] == ["'none'"], route
        assert told["frame-ancestors"] == told["base-uri"] == ["'none'"], route
        assert "unsafe" not in answer.headers["Content-Security-Policy"], route
        assert answer.headers["X-Content-Type-Options"] == "nosniff", route
        assert answer.headers["Referrer-Policy"] == "same-origin", route
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", route
        assert "camera=(self)" in answer.headers["Permissions-Policy"], route
        if route.endpoint != "static":
            assert answer.headers["Cache-Control"] == "no-store", route


def test_a_page_that_does_not_exist_is_no_exception(browser: Browser) -> None:
    answer = browser.get("/nothing/here")
    assert "nonce-" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_no_two_answers_share_a_nonce(browser: Browser) -> None:
    words = {policy(browser.get("/sign-in"))["script-src"][0] for _ in range(5)}
    assert len(words) == 5


def visited(rail: type[Provider], mode: str) -> tuple[str, ...]:
    return rail.hosts[mode].visited if mode in rail.hosts else ()


def test_forms_go_to_us_and_to_the_payment_page_only(browser: Browser) -> None:
    """Those of this mode: where money is not real, no driver is sent to a page that takes some."""
    sandbox = browser.house.config.sandbox_url
    allowed = policy(browser.get("/sign-in"))["form-action"]
    of_rails = {host for rail in PROVIDERS.values() for host in visited(rail, "test")}
    assert allowed[:2] == ["'self'", sandbox]
    assert set(allowed[2:]) == {f"https://{host}" for host in of_rails}
    assert "https://sandbox.vnpayment.vn" in allowed
    assert "https://payment.momo.vn" not in allowed


def test_no_template_holds_a_script_or_a_style_of_its_own() -> None:
    bad = re.compile(r"<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|\sstyle=|javascript:|data:", re.I)
    for page in Path("parking/templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}", "", page.read_text(), flags=re.S)
        assert not bad.search(text), page


def test_a_card_number_has_no_place_in_any_form() -> None:
    for page in Path("parking/templates").rglob("*.html"):
        assert not re.search(r"cc-number|card-?number|cvv|cvc", page.read_text(), re.I), page


@pytest.fixture
def secure(tmp_path: Path, sqlite_url: str, clock: HandClock) -> House:
    """A house that drivers reach over TLS."""
    return make_house(tmp_path / "var", sqlite_url, clock, PUBLIC_URL="https://do.xe")


def test_over_tls_cookies_belong_to_this_host_alone(secure: House) -> None:
    browser = Browser(secure)
    browser.become("admin")
    answers = [browser.get("/sign-in?lang=en"), browser.post("/sign-out", page="/admin/")]
    cookies = [line for answer in answers for line in answer.headers.getlist("Set-Cookie")]
    assert {line.split("=")[0] for line in cookies} >= {"__Host-language", "__Host-sign-in"}
    for line in cookies:
        assert line.startswith("__Host-")
        assert all(word in line for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
        assert "Domain" not in line
    secure.databases.dispose()


def test_over_tls_browsers_are_told_to_stay_there(secure: House) -> None:
    assert "max-age=63072000" in Browser(secure).get("/").headers["Strict-Transport-Security"]
    secure.databases.dispose()


def test_without_tls_nothing_is_promised(browser: Browser) -> None:
    assert "Strict-Transport-Security" not in browser.get("/sign-in").headers


def test_behind_one_proxy_the_callers_address_is_the_last_one_named(secure: House) -> None:
    browser = Browser(secure)
    seen: list[str | None] = []

    @browser.app.before_request
    def look() -> None:
        seen.append(request.remote_addr)

    browser.get("/healthz", headers={"X-Forwarded-For": "1.1.1.1, 203.0.113.9"})
    assert seen == ["203.0.113.9"]
    secure.databases.dispose()
