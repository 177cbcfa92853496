"""`parking lot`: when a lot collects and when it closes."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.lots.models import Lot, LotTariff
from payments.db import connect
from payments.models import Audit
from tests.cli.conftest import Parking


def state(url: str) -> tuple[set[str], str | None, list[str]]:
    databases = connect(url)
    with databases.read() as tx:
        lot = tx.scalars(select(Lot).where(Lot.number == "HK01")).one()
        rows = select(LotTariff.collect).where(
            LotTariff.lot_id == lot.id, LotTariff.vehicle_class == "motorbike"
        )
        acts = select(Audit.act).where(Audit.subject == "lot:HK01").order_by(Audit.id)
        found = set(tx.scalars(rows)), lot.closes, list(tx.scalars(acts))
    databases.dispose()
    return found


def test_both_rules_are_set_and_written_down(seeded: Parking, database_url: str) -> None:
    said = seeded("lot", "collect", "--lot", "hk01", "--vehicle", "motorbike", "--when", "entry")
    assert (said.code, "collects from motorbike: entry" in said.err) == (0, True)
    assert seeded("lot", "closes", "--lot", "HK01", "--at", "22:00").code == 0
    assert state(database_url) == ({"entry"}, "22:00", ["lot.collect", "lot.closes"])
    seeded("lot", "closes", "--lot", "HK01", "--at", "22:00")
    seeded("lot", "closes", "--lot", "HK01", "--at", "")
    assert state(database_url) == ({"entry"}, None, ["lot.collect", "lot.closes", "lot.closes"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("collect", "--lot", "HK01", "--vehicle", "car", "--when", "entry"), "pays by the hour"),
        (("collect", "--lot", "HK01", "--vehicle", "truck", "--when", "exit"), "it takes: "),
        (("collect", "--lot", "XX", "--vehicle", "car", "--when", "exit"), "There is no lot XX"),
        (("closes", "--lot", "HK01", "--at", "24:00"), "“24:00” is not a time of day"),
        (("closes", "--lot", "HK01", "--at", "22"), "“22” is not a time of day"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    seeded: Parking, database_url: str, arguments: tuple[str, ...], said: str
) -> None:
    before = state(database_url)
    answer = seeded("lot", *arguments)
    assert answer.code != 0
    assert said in answer.err
    assert state(database_url) == before
