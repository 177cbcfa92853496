"""Receipts: issued when the driver looks, readable by whoever holds the link."""

from __future__ import annotations

import re

import pytest

from parking.receipts.service import issue_due
from parking.sessions.refunds import refund
from payments.refunds import RefundRequest
from tests.driver.kit import plain, session_path
from tests.kit import Town
from tests.web.kit import Browser


@pytest.fixture
def path(town: Town) -> str:
    session = town.arrive()
    town.clock.forward(minutes=50)
    town.pay(session)
    return session_path(town, session)


def receipt_link(driver: Browser, path: str) -> str:
    found = re.findall(r'href="(/r/[^"]+)"', driver.get(path).get_data(as_text=True))
    assert len(found) == 1
    return str(found[0])


def test_a_receipt_shows_number_company_times_and_the_vat_split(driver: Browser, path: str) -> None:
    text = plain(driver.get(receipt_link(driver, path)))
    for said in (
        "HOAN-KIEM-2026-000001",
        "Công ty Cổ phần Bãi xe Hoàn Kiếm",
        "Mã số thuế: 0100000001",
        "Bán cho người tiêu dùng",
        "30A-123.45",
        "Giờ vào 08:00 20/11/2026",
        "Giờ ra chưa ra",
        "Trả lúc 08:50 20/11/2026",
        "Tiền trước thuế 23.148 ₫",
        "Thuế GTGT 8% 1.852 ₫",
        "Tổng cộng 25.000 ₫",
        "không phải hóa đơn thuế",
    ):
        assert said in text


def test_looking_again_issues_nothing_more(town: Town, driver: Browser, path: str) -> None:
    first = receipt_link(driver, path)
    assert receipt_link(driver, path) == first
    assert issue_due(town.house.databases.write, town.now) == 0


def test_the_receipt_of_the_timetable_is_the_one_that_is_shown(
    town: Town, driver: Browser, path: str
) -> None:
    assert issue_due(town.house.databases.write, town.now) == 1
    assert "HOAN-KIEM-2026-000001" in plain(driver.get(receipt_link(driver, path)))


def test_money_that_went_back_is_said_on_the_receipt(town: Town, driver: Browser) -> None:
    session = town.arrive("30A-222.22")
    town.clock.forward(minutes=50)
    payment = town.pay(session)
    request = RefundRequest(payment.id, 5_000, "charge", "lot was closed", "person:an", key="k")
    refund(town.house.databases.write, town.house.gateways, request, 200_000, town.now)
    link = receipt_link(driver, session_path(town, session))
    assert "Trong đó 5.000 ₫ đã hoặc đang được hoàn lại." in plain(driver.get(link))


def test_in_english_too(driver: Browser, path: str) -> None:
    text = plain(driver.get(receipt_link(driver, path) + "?lang=en"))
    assert "VAT 8% VND 1,852" in text
    assert "Sold to a consumer" in text


def test_a_guessed_receipt_is_not_there(driver: Browser) -> None:
    assert driver.get("/r/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404
