"""Finance hands in the statement of where payouts arrive, and asks by rule for the other side of a line."""

from __future__ import annotations

import io

import pytest
from sqlalchemy import select

from reconciliation.models import Break
from reconciliation.uploads.models import LineParty
from tests.finance.conftest import Desk
from tests.statements.kit import ACCOUNT, PAPER, Line, Paper, csv_of
from tests.statements.test_parties import NUMBER, PAPER_OF, POWER, with_sides

MAPPING = "/finance/mappings/hoan-kiem-sandbox"
FILES = "/finance/statements"
WHERE = {"means": "bank", "account": ACCOUNT, "payout_after": "CHI TRA DOT", "entries": "named"}
AT_THE_BANK = Paper(
    (Line(90_000, "FT1", "CHI TRA DOT B20261119"), Line(5_000, "FT2", "TIEN LAI")), PAPER.opening
)


def hand_in(desk: Desk, raw: bytes, account: str, means: str = "bank") -> tuple[int, str]:
    """Status, and the address or the page that the answer leads to."""
    form: dict[str, object] = {
        "account": account,
        "means": means,
        "file": (io.BytesIO(raw), "sao-ke.csv"),
    }
    answer = desk.browser.post(FILES, page=FILES, **form)
    return answer.status_code, answer.headers.get("Location", "") or answer.get_data(as_text=True)


def test_the_mapping_says_where_payouts_arrive_and_the_preview_which_credits_count(
    desk: Desk,
) -> None:
    desk.sit("hoan-kiem")
    status, page = hand_in(desk, csv_of(AT_THE_BANK), "hoan-kiem-sandbox")
    assert status == 400
    assert "sandbox" in page
    asked = f"{MAPPING}?means=bank"
    assert "Where the payouts arrive" in desk.read(f"{asked}&lang=en")
    assert desk.browser.post(MAPPING, page=asked, **WHERE, write="1").status_code == 303
    assert 'value="CHI TRA DOT"' in desk.read(f"{asked}&lang=en")
    status, address = hand_in(desk, csv_of(AT_THE_BANK), "hoan-kiem-sandbox")
    assert status == 303
    page = desk.read(f"{address}?lang=en")
    assert "Credit that no payout announces yet" in page
    assert "B20261119" in page
    assert "No payout, left out" in page
    assert desk.browser.post(address, page=address).status_code == 303
    assert "Each credit stands beside the payout it names" in desk.read(f"{address}?lang=en")


def test_an_account_that_collects_itself_is_not_asked_where_payouts_arrive(office: Desk) -> None:
    office.sit("hoan-kiem")
    page = office.read("/finance/mappings/hk-vietqr?means=bank&lang=en")
    assert "Where the payouts arrive" not in page
    assert 'name="entries"' not in page


@pytest.mark.parametrize("party", ["điện lực", NUMBER])
def test_a_rule_asks_for_the_other_side_and_pages_show_it(office: Desk, party: str) -> None:
    office.sit("hoan-kiem")
    _, address = hand_in(office, with_sides(PAPER_OF), "hk-vietqr")
    assert POWER in office.read(address)
    office.browser.post(address, page=address)
    asked = {"label": "Tiền điện", "words": "", "party": party, "sign": "out", "least": "",
             "most": "", "place": "hk-vietqr", "leg": "settlement", "series": ""}  # fmt: skip
    shown = office.browser.post("/finance/rules", page="/finance/rules", **asked, act="preview")
    assert POWER in shown.get_data(as_text=True)
    answer = office.browser.post("/finance/rules", page="/finance/rules", **asked, act="propose")
    assert answer.status_code == 303
    assert f"The other side: “{party}”" in office.read("/finance/rules?lang=en")
    with office.town.house.databases.read() as tx:
        known = select(LineParty.line_id).where(LineParty.name == POWER)
        found = tx.scalars(select(Break).where(Break.line_id.in_(known))).one()
    page = office.read(f"/finance/break/{found.id}?lang=en")
    assert "Name of the other side" in page
    assert POWER in page
    assert NUMBER in page
