"""The city of the benchmark, small: every kind of break in its class, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.city import (
    SLUG,
    City,
    after,
    expected_breaks,
    fill,
    gateways,
    write_files,
)
from benchmarks.reconcile import found_breaks, found_pairs
from payments.accounts import account_by_slug
from payments.db import Databases
from reconciliation.invariants import check
from reconciliation.service import Result, reconcile
from reconciliation.shelving import CHUNK

PAYMENTS = 3_000
Night = Callable[..., list[Result]]


@pytest.fixture
def night(databases: Databases, tmp_path: Path) -> Night:
    """Reconcile the days of a city that was filled in before."""

    def run(city: City, shuffle: int | None = None) -> list[Result]:
        write_files(city, tmp_path, shuffle)
        with databases.read() as tx:
            account = account_by_slug(tx, SLUG)
        return [
            reconcile(databases.write, gateways(tmp_path), account, day, after(day))
            for day in city.every_day()
        ]

    return run


def outcome(databases: Databases) -> tuple[set[Any], set[Any]]:
    with databases.read() as tx:
        return found_breaks(tx), found_pairs(tx)


@pytest.mark.parametrize("shuffle", [None, 1, 2])
def test_every_seeded_break_is_found_whatever_the_order_of_lines(
    databases: Databases, night: Night, shuffle: int | None
) -> None:
    city = City.of(PAYMENTS)
    fill(databases, city)
    (result,) = night(city, shuffle)
    breaks, pairs = outcome(databases)
    assert breaks == expected_breaks(city)
    assert len({kind for kind, _, _ in breaks}) == 10
    assert (result.state, result.opened) == ("complete", len(breaks))
    assert pairs == {
        (f"L-{n}", f"T-{n}", 1)
        for n in range(1, PAYMENTS + 1)
        if city.faults.get(n) in (*BESIDE, "duplicate_internal")
    }


#: Faults that leave the payment's own line and movement matched.
BESIDE = (None, "missing_internal", "duplicate_external", "refund_unknown", "chargeback")


def test_a_second_run_adds_nothing(databases: Databases, night: Night) -> None:
    city = City.of(PAYMENTS)
    fill(databases, city)
    night(city)
    before = outcome(databases)
    (again,) = night(city)
    assert (again.matched, again.opened, again.resolved, again.accepted) == (0, 0, 0, ())
    (reordered,) = night(city, 3)
    assert (reordered.matched, reordered.opened, len(reordered.accepted)) == (0, 0, 1)
    assert outcome(databases) == before


def test_a_week_of_files_agrees_with_its_proofs(databases: Databases, night: Night) -> None:
    city = City.of(PAYMENTS, days=7)
    fill(databases, city)
    night(city)
    assert outcome(databases)[0] == expected_breaks(city)
    with databases.read() as tx:
        assert list(check(tx)) == []


def test_a_file_longer_than_a_chunk_is_stored_once(databases: Databases, night: Night) -> None:
    city = City.of(CHUNK + 500)
    fill(databases, city)
    night(city)
    before = outcome(databases)
    (again,) = night(city, 4)
    assert (again.matched, len(again.accepted)) == (0, 1)
    assert outcome(databases) == before
