"""Cash and shifts at a desk in the finance office."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from parking.finance.month import Month, days_of
from parking.lots.offers import accounts_of, ways_there
from parking.people.service import NewPerson, add_person
from parking.reports.daily import city_day, share
from parking.reports.figure import cash_sentence, city_sentence
from parking.reports.files import as_csv, as_json
from payments.models import MerchantAccount
from reconciliation.models import DayTotal
from reconciliation.running import keep_current
from tests.kit import Town
from tests.shifts.kit import Counter, make_counter
from tests.web.kit import Browser


@pytest.fixture
def counter(town: Town) -> Counter:
    """One stay paid by phone, one in cash; Hoa's shift is open."""
    counter = make_counter(town)
    town.pay(counter.stay("30A-111.11"))
    counter.begin(counter.hoa)
    counter.take(counter.hoa, counter.stay("29-B1 222.22", "motorbike"))
    keep_current(town.house.databases.write, town.now)
    return counter


def desk(counter: Counter, operator: str | None = None) -> Browser:
    browser = Browser(counter.town.house)
    with counter.town.house.databases.write.begin() as tx:
        new = NewPerson("mai", "finance", operator=operator)
        password = add_person(tx, new, counter.town.now)
    assert browser.sign_in("mai", password).status_code == 303
    return browser


def read(browser: Browser, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True).replace("\u00a0", " ")


def test_the_citys_figure_is_cashless_and_cash_stands_beside_it(counter: Counter) -> None:
    with counter.town.house.databases.read() as tx:
        found = city_day(tx, counter.town.now.date(), counter.town.now)
    assert (found.cashless.count, found.cash.count, found.total.count) == (1, 1, 2)
    assert found.cashless.gross + found.cash.gross == found.total.gross
    assert "1 cashless transactions, VND 25,000" in city_sentence(found, "en").replace("\xa0", " ")
    told = cash_sentence(found, "vi").replace("\xa0", " ")
    assert told == "Tiền mặt: 1 lượt, 5.000 ₫; chiếm 50,0 % tổng số lượt trả."
    data = json.loads(json.dumps(as_json(found)))
    assert data["cash"] == {"count": 1, "gross": 5_000, "permille": 500}
    assert data["states"]["cash-hoa"] == "shift_open"
    rows = csv.DictReader(io.StringIO(as_csv(found).decode("utf-8-sig")))
    (till,) = [row for row in rows if row["account"] == "cash-hoa"]
    assert (till["name"], till["state"]) == ("Nguyễn Thị Hoa", "shift_open")


def test_the_month_announces_no_cash_as_cashless(counter: Counter) -> None:
    page = read(desk(counter), f"/finance/?month={counter.town.now:%Y-%m}&lang=en")
    month = re.findall(r"<span>([^<]+)</span><strong>([^<]+)</strong>", page)
    assert ("Cashless payments", "1") in month
    assert ("Recorded by us", "VND 25,000") in month
    assert ("Cash", "VND 5,000") in month
    day = re.findall(r'data-label="([^"]+)">([^<]+)</td>', page)
    assert ("Payments", "1") in day
    assert ("Gross", "VND 25,000") in day
    assert ("Cash", "VND 5,000") in day


def test_the_month_adds_no_cents_to_dong(counter: Counter) -> None:
    day, now = counter.town.now.date(), counter.town.now
    account = MerchantAccount(
        slug="hk-usd", operator="hoan-kiem", provider="stripe", mode="test", currency="USD",
        settings={}, secrets=[], created_at=now,
    )  # fmt: skip
    figures = dict.fromkeys(("count", "gross", "net", "confirmed_gross", "banked_gross"), 150)
    none = dict.fromkeys(("refunds", "fees", "confirmed_count", "banked_count", "breaks"), 0)
    with counter.town.house.databases.write.begin() as tx:
        tx.add(account)
        tx.flush()
        cents = DayTotal(
            day=day, account_id=account.id, cost_centre="HK01", product="", computed_at=now,
            **figures, **none,
        )  # fmt: skip
        tx.add(cents)
        tx.flush()
        (row,) = days_of(tx, Month(day.replace(day=1)), None)
    assert (row.figures.count, row.figures.gross, row.figures.cash) == (1, 25_000, 5_000)


def test_a_day_without_cash_says_nothing_of_it(town: Town) -> None:
    with town.house.databases.read() as tx:
        found = city_day(tx, town.now.date(), town.now)
    assert (cash_sentence(found, "vi"), found.cash_permille) == ("", 0)


@pytest.mark.parametrize(
    ("part", "whole", "thousandths"),
    [(0, 0, 0), (0, 9, 0), (9, 9, 1000), (1, 3, 333), (2, 3, 667), (45_172, 889_064, 51)],
)
def test_a_share_is_rounded_half_up(part: int, whole: int, thousandths: int) -> None:
    assert share(part, whole) == thousandths


def test_the_day_shows_cash_by_attendant_and_which_shift_is_open(counter: Counter) -> None:
    page = read(desk(counter), f"/finance/day/{counter.town.now.date()}")
    assert "Tiền mặt theo nhân viên" in page
    assert "cash-hoa" in page
    assert "Ca còn mở" in page


def test_finance_sees_what_is_expected_while_the_shift_is_open(counter: Counter) -> None:
    browser = desk(counter)
    day = counter.town.now.date()
    page = read(browser, f"/finance/shifts?day={day}")
    assert "Nguyễn Thị Hoa" in page
    assert "205.000 ₫" in page
    counter.count(counter.hoa, 203_000)
    shift = counter.close(counter.hoa, "Thối nhầm")
    counter.take_over(counter.binh, shift, 190_000)
    page = read(browser, f"/finance/shifts?day={day}")
    for told in ("−2.000 ₫", "Thối nhầm", "Lê Bình", "để lại 200.000 ₫, đếm được 190.000 ₫"):
        assert told in page
    assert "−2.000 ₫" in read(browser, "/finance/shifts/hoa")


def test_shifts_of_another_operator_do_not_exist(counter: Counter) -> None:
    browser = desk(counter, "thang-long")
    assert "Nguyễn Thị Hoa" not in read(browser, f"/finance/shifts?day={counter.town.now.date()}")
    assert browser.get("/finance/shifts/hoa").status_code == 404


def test_a_day_that_is_none_is_refused(counter: Counter) -> None:
    assert desk(counter).get("/finance/shifts?day=tomorrow").status_code == 400


def test_cash_is_offered_to_no_driver(counter: Counter) -> None:
    house = counter.town.house
    with house.databases.read() as tx:
        assert [account.provider for account in accounts_of(tx, counter.lot)] == ["sandbox"]
        assert {way.account.provider for way in ways_there(tx, house.gateways, counter.lot)} == {
            "sandbox"
        }
