"""The rules on a lot's page: when it collects from each class, when it closes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.lots.models import Lot, LotTariff
from payments.models import Audit
from tests.web.kit import Browser, add_lots

PAGE = "/admin/lots/A1"
RULES = "/admin/lots/A1/rules"


@pytest.fixture
def admin(browser: Browser) -> Browser:
    """An administrator's browser; A1 takes cars by the hour and motorbikes by the turn."""
    add_lots(browser.house)
    with browser.house.databases.write.begin() as tx:
        lot = tx.scalars(select(Lot).where(Lot.number == "A1")).one()
        for vehicle, code in (("car", "hn-dong-da"), ("motorbike", "hn-inner-two-wheel")):
            tx.add(LotTariff(lot_id=lot.id, vehicle_class=vehicle, tariff_code=code))
    browser.become("admin")
    return browser


def rules(admin: Browser) -> tuple[dict[str, str], str | None, list[str]]:
    with admin.house.databases.read() as tx:
        lot = tx.scalars(select(Lot).where(Lot.number == "A1")).one()
        acts = select(Audit.act).where(Audit.subject == "lot:A1").order_by(Audit.id)
        return (
            {row.vehicle_class: row.collect for row in lot.tariffs},
            lot.closes,
            list(tx.scalars(acts)),
        )


def test_rules_are_saved_shown_and_written_down_once(admin: Browser) -> None:
    form = {"collect-car": "either", "collect-motorbike": "entry", "closes": "22:00"}
    for _ in range(2):
        assert admin.post(RULES, page=PAGE, **form).status_code == 303
    found = ({"car": "either", "motorbike": "entry"}, "22:00")
    assert rules(admin) == (*found, ["lot.closes", "lot.collect", "lot.collect"])
    page = admin.get(PAGE).get_data(as_text=True)
    assert 'value="22:00"' in page
    assert page.count('value="entry"') == 1, "a price by the hour is not offered on entry"
    admin.post(RULES, page=PAGE, closes="")
    assert rules(admin)[1] is None


@pytest.mark.parametrize(
    "form",
    [
        {"collect-car": "entry"},
        {"collect-motorbike": "never"},
        {"collect-motorbike": "entry", "closes": "25:00"},
    ],
)
def test_what_will_not_do_changes_nothing(admin: Browser, form: dict[str, str]) -> None:
    before = rules(admin)
    assert admin.post(RULES, page=PAGE, **form).status_code == 400
    assert rules(admin) == before
