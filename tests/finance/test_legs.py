"""A difference is called after what is compared, wherever it is shown."""

from __future__ import annotations

import uuid
from datetime import date

from sqlalchemy import select

from parking.reports.asked import Asked
from parking.reports.kinds import make
from parking.reports.words import CLASS_NAMES, CODE_NAMES, LEGS, break_code, break_name
from payments.db import business_day
from reconciliation.breaks import CLASSES
from reconciliation.models import PAYOUT, SETTLEMENT, Break
from reconciliation.storing import accept
from tests.driver.kit import plain
from tests.finance.conftest import Desk, settle
from tests.reconciliation.kit import FEE, ONE, PRICE, at, file_of, line, payout_line

NET, SHORT = PRICE - FEE, "Paid out more or less than its lines"


def short_payout(desk: Desk) -> date:
    """Two lines that a payout pays 5,000 less for than they make, and the day after it a line that
    nobody pays out; the first day."""
    town = desk.town
    day, account = business_day(town.now) + ONE, town.account()
    one, two = (line(name, when=at(day)) for name in ("A", "B"))
    whole, lost = payout_line(day, one, two), line("C", when=at(day + ONE))
    paid = whole._replace(gross=whole.gross + 5_000, net=whole.net + 5_000)
    with town.house.databases.write.begin() as tx:
        for file in (file_of(day, one, two, paid), file_of(day + ONE, lost)):
            accept(tx, account.id, SETTLEMENT, file.day, file, town.now)
    settle(town, nights=6)
    return day


def of_payouts(desk: Desk) -> dict[str, uuid.UUID]:
    with desk.town.house.databases.read() as tx:
        found = tx.execute(select(Break.kind, Break.id).where(Break.leg == PAYOUT))
        return {row.kind: row.id for row in found}


def text(desk: Desk, path: str) -> str:
    return plain(desk.browser.get(path))


def test_every_class_has_a_name_on_every_comparison() -> None:
    assert set(CLASS_NAMES) == set(CLASSES)
    named = {(kind, leg): break_name(kind, leg) for kind in CLASSES for leg in LEGS}
    assert {CODE_NAMES[break_code(*key)] for key in named} == set(named.values())
    assert {named["missing_external", leg] for leg in LEGS} == {
        "Not in the provider's file", "Not paid out yet", "Not in the bank",
    }  # fmt: skip


def test_the_page_of_a_short_payout_says_what_its_lines_make(desk: Desk) -> None:
    short_payout(desk)
    found = of_payouts(desk)
    desk.sit()
    page = text(desk, f"/finance/break/{found['amount_mismatch']}?lang=en")
    assert SHORT in page
    assert f"The payout pays Lines 2 – Gross VND {2 * PRICE:,} – Fees VND {2 * FEE:,} –" in page
    assert f"Amount after fees differs VND {2 * NET:,} VND {2 * NET - 5_000:,}" in page
    page = text(desk, f"/finance/break/{found['missing_external']}?lang=en")
    assert "Not paid out yet" in page
    assert f"Lines 1 – Gross VND {PRICE:,} –" in page


def test_the_list_shows_one_comparison_and_names_it(desk: Desk) -> None:
    day = short_payout(desk)
    desk.sit()
    page = text(desk, "/finance/breaks?leg=payout&lang=en")
    assert "2 found" in page
    assert page.count(SHORT) == 3  # in the choice of classes, in the sums, in the list
    assert "Only in the provider's file" not in page
    assert "2 found" not in text(desk, "/finance/breaks?leg=settlement&lang=en")
    assert desk.browser.get("/finance/breaks?leg=moon").status_code == 400
    assert SHORT in text(desk, f"/finance/day/{day}?lang=en")
    trace = desk.read("/finance/trace?q=B-1121&lang=en")
    assert SHORT in trace
    assert '">L-A</a>' in trace


def test_reports_name_the_comparison(desk: Desk) -> None:
    day = short_payout(desk)
    with desk.town.house.databases.read() as tx:
        asked = Asked(day, day + ONE, None, desk.town.now)
        tables = {kind: make(tx, kind, asked).tables for kind in ("daily", "ageing")}
    codes = {str(cell) for found in tables.values() for table in found for row in table.rows
             for cell in row}  # fmt: skip
    assert {"payout:amount_mismatch", "payout:missing_external"} <= codes
