"""What may never be certified, and what verify notices of closed days."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from payments.errors import Conflict
from payments.models import Movement, Transfer
from reconciliation import totals
from reconciliation.closing.models import Certificate, Closing
from reconciliation.models import DayTotal
from reconciliation.proofs.closing import certificates_form_a_chain
from tests.reconciliation.closing_kit import (
    DONE,
    begin,
    close,
    finish,
    settled,
)
from tests.reconciliation.kit import ONE, PRICE, World
from tests.reconciliation.test_invariants import unguarded, violations


def test_totals_that_their_rows_do_not_make_are_never_certified(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(world, PRICE)
    begin(world)
    monkeypatch.setattr(totals, "refresh", lambda *_: None)
    with world.databases.write.begin() as tx:
        tx.execute(update(DayTotal).values(gross=DayTotal.gross + 1, net=DayTotal.net + 1))
    with pytest.raises(Conflict, match="its total says gross 20001"):
        finish(world)


def test_verify_notices_what_came_to_a_closed_day_after_all(world: World) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        unguarded(tx, Movement, Transfer)
        for table in (Movement, Transfer):
            tx.execute(update(table).where(table.kind == "receipt").values(
                amount=PRICE + 1, recorded_at=DONE + ONE))  # fmt: skip
    rules = {found.rule for found in violations(world)}
    assert {"closed_days_stay_closed", "certificates_equal_their_rows"} <= rules


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"body": b"{}"}, "other bytes"),
        ({"previous": "0" * 64}, "says something else"),
        ({"number": 7}, "follows on number 0"),
    ],
)
def test_verify_notices_a_forged_certificate(
    world: World, change: dict[str, object], word: str
) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        unguarded(tx, Certificate)
        tx.execute(update(Certificate).values(change))
    with world.databases.read() as tx:
        found = [one.found for one in certificates_form_a_chain(tx)]
    assert any(word in one for one in found)


def test_verify_notices_a_day_without_its_closing(world: World) -> None:
    settled(world, PRICE)
    close(world)
    with world.databases.write.begin() as tx:
        tx.execute(delete(Closing))
    assert {found.rule for found in violations(world)} == {"book_days_have_their_closing"}
