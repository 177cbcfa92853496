"""What others reported stays as they reported it, or `parking verify` says that nothing guards it."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from parking.proofs import PROOFS
from parking.reports.elsewhere import APPEND_ONLY, ReportedTotal, take_in
from tests.kit import Town
from tests.reconciliation.test_invariants import unguarded

LIST = "source,day,vehicle_class,count,amount\nVETC,2026-11-20,car,1200,24000000\n"


def noticed(town: Town) -> list[str]:
    with town.house.databases.read() as tx:
        return [violation.row for proof in PROOFS for violation in proof(tx)]


def test_a_missing_guard_of_reported_totals_is_noticed(town: Town) -> None:
    assert (ReportedTotal.__tablename__,) == APPEND_ONLY
    assert noticed(town) == []
    with town.house.databases.write.begin() as tx:
        unguarded(tx, ReportedTotal)
    acts = ["update", "delete"]
    if town.house.databases.engine.dialect.name == "postgresql":
        acts.append("truncate")
    assert noticed(town) == [f"trigger reported_total_no_{act}" for act in acts]


@pytest.mark.parametrize(
    "act", ["UPDATE reported_total SET count = 1", "DELETE FROM reported_total"]
)
def test_a_reported_total_cannot_be_changed_or_deleted(town: Town, act: str) -> None:
    with town.house.databases.write.begin() as tx:
        assert take_in(tx, "etc.csv", LIST.encode(), "lan", town.now) == 1
    with (
        pytest.raises(DatabaseError, match="append-only"),
        town.house.databases.write.begin() as tx,
    ):
        tx.execute(text(act))
