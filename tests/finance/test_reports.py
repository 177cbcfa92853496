"""The pages of reports: see one, take it away, publish it, read what a revision changed."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest

from parking.reports.asked import Asked
from parking.reports.kinds import KINDS, make
from parking.reports.publishing import publish_report
from parking.reports.written import FORMATS, written
from tests.finance.conftest import Desk, desk, paid, settle
from tests.finance.test_pages import tamper
from tests.web.kit import Browser

__all__ = ["desk", "paid"]

DAYS = "from=2026-11-20&to=2026-11-21"


def publish(desk: Desk, reason: str = "", kind: str = "daily", status: int = 303) -> str:
    answer = desk.browser.post(
        "/finance/reports/publish", f"/finance/reports?kind=shifts&{DAYS}",
        kind=kind, reason=reason, **{"from": "2026-11-20", "to": "2026-11-21"},
    )  # fmt: skip
    assert answer.status_code == status
    return answer.headers.get("Location", "") or answer.get_data(as_text=True)


def days_of(kind: str) -> str:
    """Two days of everybody; where taxes are told of, the month of one operator."""
    if kind in ("form-01", "vat"):
        return "from=2026-11-01&to=2026-11-30&operator=thang-long"
    return DAYS


@pytest.mark.parametrize("kind", KINDS)
def test_every_report_is_seen_with_its_files(desk: Desk, kind: str) -> None:
    settle(desk.town)
    desk.sit()
    page = desk.read(f"/finance/reports?kind={kind}&{days_of(kind)}&lang=en")
    assert KINDS[kind].title in page
    for format_name in FORMATS:
        assert f"/finance/reports/{kind}.{format_name}?from=2026-11-" in page


def test_a_chart_is_drawn_from_the_rows_below_it(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    page = desk.read("/finance/reports?kind=daily&from=2026-11-20&lang=en")
    assert page.count("<rect") == 2 + page.count('<rect width="40"')
    amounts = {f"{desk.payment.amount:,}", f"{desk.other.amount:,}"}
    assert all(f">{amount}</text>" in page for amount in amounts)


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_download_is_the_command_s_bytes_under_a_good_name(desk: Desk, format_name: str) -> None:
    settle(desk.town)
    desk.sit()
    with desk.browser.get(f"/finance/reports/daily.{format_name}?{DAYS}") as answer:
        content = answer.get_data()
    assert answer.headers["Content-Type"] == FORMATS[format_name].content_type
    name = f"parking-daily-2026-11-20_2026-11-21-vi.{format_name}"
    assert name in answer.headers["Content-Disposition"]
    asked = Asked(date(2026, 11, 20), date(2026, 11, 21), None, desk.town.now)
    with desk.town.house.databases.read() as tx:
        assert content == written(make(tx, "daily", asked), format_name, "vi")


def test_staff_of_an_operator_see_only_its_money(desk: Desk) -> None:
    settle(desk.town)
    desk.sit("thang-long")
    page = desk.read(f"/finance/reports?kind=daily&{DAYS}&operator=hoan-kiem")
    assert "DD01" in page
    assert "HK01" not in page
    with desk.browser.get(f"/finance/reports/daily.json?{DAYS}&operator=hoan-kiem") as answer:
        told = answer.get_json()
    assert told["parameters"]["operator"] == "thang-long"


def test_a_wrong_question_leaves_the_form_and_says_what_is_wrong(desk: Desk) -> None:
    desk.sit()
    page = desk.read("/finance/reports?kind=daily&from=2026-11-20&to=2026-11-01&lang=en", 400)
    assert "ends on 2026-11-01, before it begins" in page
    assert 'name="from"' in page
    assert "is not a day" in desk.read("/finance/reports?from=tomorrow&lang=en", 400)
    assert "There is no report magic" in desk.read("/finance/reports?kind=magic&lang=en", 404)
    desk.read(f"/finance/reports/daily.doc?{DAYS}", 404)


def test_a_report_that_does_not_foot_is_neither_shown_nor_published(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    tamper(desk.town.house.databases.engine)
    page = desk.read(f"/finance/reports?kind=daily&{DAYS}&lang=en", 409)
    assert "does not add up" in page
    desk.read(f"/finance/reports/daily.csv?{DAYS}", 409)
    assert "does not add up" in publish(desk, status=409)


def test_a_published_figure_has_a_page_with_its_bytes(desk: Desk) -> None:
    asked = Asked(date(2026, 11, 20), date(2026, 11, 21), None, desk.town.now)
    publish_report(desk.town.house.databases, "daily", asked, "person:lan")
    settle(desk.town)
    desk.sit()
    assert "hãy ghi lý do" in publish(desk, status=400)
    assert publish(desk, "Tệp về muộn").endswith("/finance/figures/2")
    page = desk.read("/finance/figures/2?lang=en")
    assert "What the revision changes" in page
    assert "Tệp về muộn" in page
    assert "A later revision replaced this: number 2" in desk.read("/finance/figures/1")
    digests = re.findall(r">([0-9a-f]{64})<", page)
    assert len(digests) == 8
    body = desk.browser.get("/finance/figures/2/vi.pdf").get_data()
    assert hashlib.sha256(body).hexdigest() in digests
    listed = desk.read("/finance/figures")
    assert "/finance/figures/1" in listed
    assert "/finance/figures/2" in listed


def test_figures_of_others_and_of_nobody_are_not_found(desk: Desk) -> None:
    desk.sit()
    publish(desk)
    desk.read("/finance/figures/7", 404)
    desk.read("/finance/figures/1/vi.doc", 404)
    desk.read("/finance/figures/1/fr.pdf", 404)
    desk.browser = Browser(desk.town.house)
    desk.sit("thang-long")
    desk.read("/finance/figures/1", 404)
    desk.read("/finance/figures/1/vi.pdf", 404)
    assert "/finance/figures/1" not in desk.read("/finance/figures")


def test_administrators_look_and_do_not_publish(desk: Desk) -> None:
    desk.sit(role="admin")
    assert "/finance/reports/publish" not in desk.read(f"/finance/reports?kind=daily&{DAYS}")


def test_the_trace_opens_the_published_figures_its_reader_may_see(desk: Desk) -> None:
    settle(desk.town)
    desk.sit()
    publish(desk)
    trace = f"/finance/trace?q={desk.payment.code}&lang=en"
    assert "This day is counted in published figure 1" in desk.read(trace)
    assert 'href="/finance/figures/1"' in desk.read(trace)
    desk.browser = Browser(desk.town.house)
    desk.sit("hoan-kiem")
    assert "This day is counted in published figure 1" in desk.read(trace)
    assert "/finance/figures/1" not in desk.read(trace)
    desk.read("/finance/figures/1", 404)
    publish(desk)
    assert 'href="/finance/figures/2"' in desk.read(trace)
