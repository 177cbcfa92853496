"""Payouts that are less than they should be, in a town and on a played day."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parking.simulate.day import Order, play
from parking.simulate.seeding import NOTE, TURNS, short
from payments.sandbox.client import PlantedFault
from reconciliation.breaks import BreakRow
from reconciliation.models import BANK, PAYOUT
from reconciliation.resolving import deciding
from reconciliation.resolving.deciding import Decision
from reconciliation.resolving.service import Chosen, do_to_one
from tests.kit import Town
from tests.simulate.kit import (
    DAY,
    NEXT,
    breaks_of,
    found,
    names,
    played,
    reconciled,
    seeded,
    violations,
)

#: The same day: by its seed the payout itself is short, or its credit.
SHORT_ITSELF, SHORT_AT_THE_BANK = 8, 7


def paid_out_wrong(town: Town, kind: str, amount: int) -> PlantedFault:
    """A car pays today, in a town whose provider pays out `amount` too little of it."""
    today = town.now.date()
    session = town.arrive()
    town.clock.forward(hours=2)
    payment = town.pay(session)
    return town.driver_of(payment.account).plant(today, kind, amount=amount)


def differences(town: Town, day: date) -> list[tuple[str, str, str | None, int, str]]:
    return [(b.leg, b.kind, b.line, b.difference, b.state) for b in breaks_of(town, day)]


def settled(town: Town, row: BreakRow, reason: str) -> None:
    """Finance says what a difference was."""
    deed = partial(
        deciding.resolve, code=reason, decision=Decision("person:lan", 200_000, town.now, "")
    )
    with town.house.databases.write.begin() as tx:
        do_to_one(tx, Chosen([row.id]), deed, town.now)


def test_a_short_payout_is_the_one_difference_until_somebody_explains_it(town: Town) -> None:
    today = town.now.date()
    fault = paid_out_wrong(town, "short_payout", 3_000)
    reconciled(town, today)
    only = [(PAYOUT, "amount_mismatch", fault.line, -3_000, "open")]
    assert differences(town, today) == only
    tomorrow = today + timedelta(days=1)
    reconciled(town, tomorrow)
    assert differences(town, today) == only
    assert differences(town, tomorrow) == []
    (row,) = breaks_of(town, today)
    settled(town, row, "provider_charge")
    reconciled(town, today)
    assert [(b.state, b.resolution) for b in breaks_of(town, today)] == [
        ("resolved", "provider_charge")
    ]
    assert violations(town) == []


def test_a_short_credit_is_the_one_difference_once_the_bank_has_told_of_it(town: Town) -> None:
    today = town.now.date()
    fault = paid_out_wrong(town, "short_credit", 3_000)
    reconciled(town, today)
    assert differences(town, today) == []
    reconciled(town, today + timedelta(days=1))
    assert differences(town, today) == [
        (BANK, "amount_mismatch", fault.next_line, -3_000, "open"),
    ]
    (row,) = breaks_of(town, today)
    settled(town, row, "provider_charge")
    reconciled(town, today + timedelta(days=1))
    assert [b.state for b in breaks_of(town, today)] == ["resolved"]
    assert violations(town) == []


def test_a_played_payout_that_is_short_is_found_among_the_days_differences(town: Town) -> None:
    truth = played(town, seed=SHORT_ITSELF)
    (wrong,) = [one for one in truth.faults if one.fault.kind == "short_payout"]
    reconciled(town, DAY)
    assert found(town, DAY) == seeded(truth)
    of_payouts = [b for b in breaks_of(town, DAY) if b.leg == PAYOUT]
    assert [(b.account, b.line, b.difference) for b in of_payouts] == [
        (wrong.account, wrong.fault.line, wrong.fault.difference)
    ]
    assert truth.as_json()["next_day_faults"] == []
    assert violations(town) == []


def test_a_played_credit_that_is_short_is_found_by_the_day_after(town: Town) -> None:
    truth = played(town, seed=SHORT_AT_THE_BANK)
    promised = [one.as_json() for one in truth.credits]
    assert [one["date"] for one in promised] == [NEXT.isoformat()]
    reconciled(town, DAY)
    assert found(town, DAY) == seeded(truth)
    reconciled(town, NEXT)
    at_the_bank = [row.as_json() for row in breaks_of(town, DAY) if row.leg == BANK]
    assert names(at_the_bank) == names(promised)
    assert violations(town) == []


def test_two_days_show_a_difference_of_every_leg(town: Town) -> None:
    played(town, seed=SHORT_ITSELF)
    play(town.house, Order(NEXT, 36, SHORT_ITSELF, 0.3), lambda _progress: None)
    after = NEXT + timedelta(days=1)
    for day in (DAY, NEXT, after):
        reconciled(town, day)
    rows = [row for day in (DAY, NEXT) for row in breaks_of(town, day)]
    assert {row.leg for row in rows} == {"settlement", PAYOUT, BANK}
    assert violations(town) == []


@given(st.integers(), st.dates(), st.dictionaries(st.sampled_from("abc"), st.integers(0, 100_000)))
def test_one_payout_that_is_large_enough_is_wrong_and_keeps_something(
    seed: int, day: date, payouts: dict[str, int]
) -> None:
    wrong = short(seed, day, payouts)
    if wrong is None:
        assert max(payouts.values(), default=0) <= NOTE
    else:
        assert 0 < wrong.amount < payouts[wrong.account]
        assert wrong == short(seed, day, dict(reversed(payouts.items())))


@pytest.mark.parametrize("seed", [-3, 0, 1, 8])
def test_on_days_that_follow_each_other_payouts_are_wrong_in_turns(seed: int) -> None:
    drawn = [short(seed, DAY + timedelta(days=ahead), {"a": 50_000}) for ahead in range(2)]
    assert {wrong.kind for wrong in drawn if wrong} == set(TURNS)
