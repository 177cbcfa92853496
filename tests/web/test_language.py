"""Vietnamese first; who asks for English keeps English."""

from __future__ import annotations

import re

import pytest

from tests.web.kit import Browser


def shown(browser: Browser, path: str) -> str:
    found = re.search(r'<html lang="(\w+)">', browser.get(path).get_data(as_text=True))
    assert found
    return found[1]


def test_the_chosen_language_stays(browser: Browser) -> None:
    assert shown(browser, "/sign-in") == "vi"
    assert shown(browser, "/sign-in?lang=en") == "en"
    assert shown(browser, "/sign-in") == "en"
    assert shown(browser, "/sign-in?lang=vi") == "vi"
    assert shown(browser, "/sign-in") == "vi"


@pytest.mark.parametrize("wish", ["fr", "", "VI", "../en"])
def test_a_language_we_do_not_speak_changes_nothing(browser: Browser, wish: str) -> None:
    browser.get("/sign-in?lang=en")
    answer = browser.get(f"/sign-in?lang={wish}")
    assert '<html lang="en">' in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers or "language" not in answer.headers["Set-Cookie"]


def test_the_switch_leads_back_to_the_same_page_and_question(browser: Browser) -> None:
    text = browser.get("/sign-in?next=/admin/&_external=1&lang=vi").get_data(as_text=True)
    assert 'href="/sign-in?next=%2Fadmin%2F&amp;_external=1&amp;lang=en"' in text


def test_where_only_a_form_leads_the_switch_leads_to_the_first_page(browser: Browser) -> None:
    browser.become("admin")
    answer = browser.client.post("/sign-out")
    assert 'href="/?lang=en"' in answer.get_data(as_text=True)


def test_parts_of_a_sentence_are_escaped_unless_they_are_markup(browser: Browser) -> None:
    template = '{{ _("There is no lot %(lot)s.", lot=lot) }}'
    with browser.app.test_request_context("/"):
        show = browser.app.jinja_env.from_string(template).render
        assert show(lot="<b>") == "Không có bãi xe &lt;b&gt;."
        now = browser.app.jinja_env.from_string("{{ now|when }}").render(now=browser.house.clock())
        assert now == '<time datetime="2026-11-20T08:00:00+07:00">08:00\u00a020/11/2026</time>'
