"""Which payments get a wrong line."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.simulate.diary import Diary, Received
from parking.simulate.seeding import KINDS, chosen
from parking.simulate.truth import Seeded, Truth
from payments.sandbox.client import PlantedFault


def receipts(count: int) -> list[Received]:
    return [Received("one", f"PK{number}", 5_000) for number in range(count)]


@settings(deadline=None, max_examples=50)
@given(st.integers(), st.floats(0, 1), st.integers(0, 60))
def test_the_share_is_kept_and_the_kinds_take_turns(seed: int, share: float, count: int) -> None:
    picked = list(chosen(seed, share, receipts(count)))
    assert len(picked) == round(count * share)
    kinds = Counter(kind for kind, _ in picked)
    assert max(kinds.values(), default=0) - min((kinds[k] for k in KINDS), default=0) <= 1
    assert len({receipt.code for _, receipt in picked}) == len(picked)


def test_seven_faults_have_every_kind_among_them() -> None:
    assert {kind for kind, _ in chosen(3, 0.07, receipts(100))} == set(KINDS)


def test_payments_made_twice_are_left_alone() -> None:
    once, twice = Received("one", "PK1", 5_000), Received("one", "PK2", 5_000)
    picked = list(chosen(1, 1.0, [once, twice, twice]))
    assert [receipt for _, receipt in picked] == [once]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("missing_line", "missing_external"),
        ("unknown_line", "missing_internal"),
        ("wrong_amount", "amount_mismatch"),
        ("duplicate", "duplicate_external"),
        ("fee_error", "fee_mismatch"),
        ("not_parking", "missing_internal"),
    ],
)
def test_each_kind_is_called_what_reconciling_calls_it(kind: str, name: str) -> None:
    fault = Seeded("one", PlantedFault(kind, DAY, "PK1", "L1", None, None, 100))
    assert fault.as_json()["class"] == name
    assert "after_next_day" not in fault.as_json()


DAY = date(2026, 11, 18)
OLD = ("date", "seed", "sessions", "payments", "gross", "faults")


def test_a_late_line_says_what_becomes_of_it() -> None:
    late = PlantedFault("late_line", DAY, "PK1", None, date(2026, 11, 19), "L1", -5_000)
    truth = Truth(DAY, 7, 3, Diary(receipts(2)), [Seeded("one", late)])
    told = truth.as_json()
    assert {name: told[name] for name in OLD} == {
        "date": "2026-11-18",
        "seed": 7,
        "sessions": 3,
        "payments": 2,
        "gross": 10_000,
        "faults": [
            {
                "class": "missing_external",
                "payment": "PK1",
                "line": None,
                "difference": -5_000,
                "account": "one",
                "kind": "late_line",
                "after_next_day": {"date": "2026-11-19", "class": "late", "line": "L1"},
            }
        ],
    }
