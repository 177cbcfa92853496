"""The end-to-end proof: what was seeded into a played day is what reconciling it finds."""

from __future__ import annotations

import json
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parking.receipts.models import Receipt
from parking.reports.daily import city_day
from parking.sessions.models import ParkingSession
from parking.simulate.day import Order, Progress, play
from payments.db import CITY_ZONE, connect
from payments.errors import Conflict
from payments.models import Audit, Movement, Payment
from payments.sandbox.books import Books
from tests.kit import Town, bare_town, make_town
from tests.simulate.kit import (
    CREW,
    DAY,
    NEXT,
    breaks_of,
    found,
    hire,
    played,
    reconciled,
    seeded,
    violations,
)

EVERY_KIND = {
    "missing_line", "unknown_line", "wrong_amount", "duplicate", "fee_error", "late_line",
    "not_parking",
}  # fmt: skip


def count_of(town: Town, table: type[Payment] | type[ParkingSession] | type[Receipt]) -> int:
    with town.house.databases.read() as tx:
        return tx.scalar(select(func.count()).select_from(table)) or 0


def test_reconciling_finds_exactly_what_was_seeded(town: Town) -> None:
    truth = played(town)
    assert {fault.fault.kind for fault in truth.faults} == EVERY_KIND

    reconciled(town, DAY)
    assert found(town, DAY) == seeded(truth)
    with town.house.databases.read() as tx:
        report = city_day(tx, DAY, town.now)
    assert (report.total.count, report.total.gross) == (truth.payments, truth.gross)
    assert report.total.breaks == len(truth.faults)
    assert violations(town) == []


@pytest.mark.parametrize("days_before", [0, 30])
def test_a_day_played_ahead_of_the_clock_is_reconciled_at_once(
    town: Town, days_before: int
) -> None:
    """Its files are there and say that they are whole: nobody need wait for the night."""
    truth = played(town)
    early = datetime.combine(DAY - timedelta(days=days_before), time(9), CITY_ZONE)
    assert {result.state for result in reconciled(town, DAY, early)} == {"complete"}
    assert found(town, DAY) == seeded(truth)
    assert violations(town) == []
    reconciled(town, DAY)
    assert found(town, DAY) == seeded(truth)
    reconciled(town, NEXT)
    assert {row.state for row in breaks_of(town, DAY) if row.kind == "late"} == {"resolved"}
    assert violations(town) == []


def test_late_lines_are_explained_by_the_next_day_and_only_short_credits_are_new(
    town: Town,
) -> None:
    truth = played(town)
    reconciled(town, DAY)
    before = {row.id: row for row in breaks_of(town, DAY)}
    reconciled(town, NEXT)

    promised = {
        (fault.account, fault.fault.order, fault.fault.next_line)
        for fault in truth.faults
        if fault.fault.kind == "late_line"
    }
    late = [row for row in breaks_of(town, DAY) if row.kind == "late"]
    assert promised
    assert {(row.account, row.payment, row.line) for row in late} == promised
    assert {(row.state, row.resolution) for row in late} == {("resolved", "late")}
    assert {before[row.id].kind for row in late} == {"missing_external"}
    others = [row for row in breaks_of(town, DAY) if row.kind != "late"]
    known = [row for row in others if row.id in before]
    assert known == [before[row.id] for row in known]
    new = [row.line for row in others if row.id not in before]
    assert new == [credit.fault.next_line for credit in truth.credits]
    assert breaks_of(town, NEXT) == []
    assert violations(town) == []


def test_the_same_seed_plays_the_same_day_on_both_databases(
    sqlite_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    truths = []
    for name, url in (("sqlite", sqlite_url), ("postgresql", postgresql_url)):
        (tmp_path / name).mkdir()
        databases = connect(url)
        town = hire(make_town(databases, tmp_path / name, url))
        truths.append(json.dumps(played(town).as_json()))
        databases.dispose()
    assert truths[0] == truths[1]


@pytest.fixture
def small_town(sqlite_url: str, tmp_path: Path) -> Town:
    """On SQLite only, where what is asked does not depend on the database."""
    return make_town(connect(sqlite_url), tmp_path, sqlite_url)


@pytest.mark.parametrize("seed", [0, 1, 2, 3, -4])
def test_whatever_the_seed_the_truth_is_found(small_town: Town, seed: int) -> None:
    truth = played(small_town, sessions=25, seed=seed)
    reconciled(small_town, DAY)
    assert found(small_town, DAY) == seeded(truth)


def test_another_seed_is_another_day(small_town: Town, tmp_path: Path) -> None:
    first = played(small_town, sessions=8, seed=1)
    later = play(small_town.house, Order(NEXT, 8, 2, 0.0), lambda _progress: None)
    assert [receipt.amount for receipt in first.diary.received] != [
        r.amount for r in later.diary.received
    ]


def test_days_can_be_played_one_after_the_other(small_town: Town) -> None:
    first = played(hire(small_town), sessions=25)
    second = play(small_town.house, Order(NEXT, 25, 8, 0.3), lambda _progress: None)
    reconciled(small_town, DAY)
    reconciled(small_town, NEXT)
    assert found(small_town, NEXT) == seeded(second)
    open_now = [row for row in breaks_of(small_town, DAY) if row.state == "open"]
    late = [fault for fault in first.faults if fault.fault.kind == "late_line"]
    wrong = [*first.faults, *first.credits, *first.wrong_counts]
    assert len(open_now) == len(wrong) - len(late)
    assert second.wrong_counts
    assert violations(small_town) == []


def test_a_day_without_faults_agrees_in_everything(small_town: Town) -> None:
    truth = played(small_town, sessions=20, faults=0.0)
    results = reconciled(small_town, DAY)
    assert found(small_town, DAY) == []
    assert sum(result.matched for result in results) >= truth.payments > 0


def test_reconciling_needs_no_provider_any_more(small_town: Town) -> None:
    truth = played(small_town, sessions=20)
    small_town.sandbox.view_functions.clear()
    small_town.sandbox.url_map = type(small_town.sandbox.url_map)()
    reconciled(small_town, DAY)
    assert found(small_town, DAY) == seeded(truth)


def test_all_money_is_the_days_own_and_every_session_was_told_of(small_town: Town) -> None:
    truth = played(small_town, faults=0.0)
    with small_town.house.databases.read() as tx:
        days = tx.scalars(
            select(Movement.book_day).where(Movement.kind == "receipt").distinct()
        ).all()
        received = tx.scalar(select(func.sum(Movement.amount)).where(Movement.kind == "receipt"))
        states = set(tx.scalars(select(Payment.state)))
    assert list(days) == [DAY]
    assert received == truth.gross
    assert count_of(small_town, ParkingSession) == truth.sessions == 36
    assert states <= {"paid", "cancelled", "expired"}
    assert count_of(small_town, Receipt) > 0


def test_a_day_is_played_once_and_refused_whole(small_town: Town) -> None:
    played(small_town, sessions=5, faults=0.0)
    before = count_of(small_town, Payment), count_of(small_town, ParkingSession)
    with pytest.raises(Conflict, match="2026-11-18 has payments or a settlement file already"):
        played(small_town, sessions=5, seed=8)
    assert (count_of(small_town, Payment), count_of(small_town, ParkingSession)) == before


def test_a_day_whose_file_is_out_is_refused(small_town: Town) -> None:
    reconciled(small_town, NEXT)
    with pytest.raises(Conflict, match="settlement file already"):
        played(small_town, sessions=5)
    assert count_of(small_town, ParkingSession) == 0


def test_without_lots_it_says_what_to_run(sqlite_url: str, tmp_path: Path) -> None:
    town = bare_town(connect(sqlite_url), tmp_path, sqlite_url)
    with pytest.raises(Conflict, match="run parking seed first"):
        played(town)


def test_without_an_account_it_says_what_to_run(small_town: Town) -> None:
    with small_town.house.databases.write.begin() as tx:
        tx.merge(small_town.account()).retired_at = small_town.now
    with pytest.raises(Conflict, match="Operator hoan-kiem has no sandbox account"):
        played(small_town)


def test_attendants_act_under_their_own_names(small_town: Town) -> None:
    hire(small_town, CREW[:1])
    played(small_town, sessions=20, faults=0.0)
    with small_town.house.databases.read() as tx:
        exits = set(tx.scalars(select(Audit.actor).where(Audit.act == "session.exit")))
        entries = set(tx.scalars(select(Audit.actor).where(Audit.act == "session.enter")))
    assert exits == {"person:hoa", "person:attendant"}
    assert "driver" in entries


def test_a_sandbox_that_runs_beside_us_sends_nothing_of_the_played_day(small_town: Town) -> None:
    played(small_town, sessions=5)
    books: Books = small_town.sandbox.extensions["sandbox"]
    small_town.clock.forward(days=400)
    assert books.deliver_due(small_town.now, small_town.http) == 0


def test_every_hour_is_told_in_order(small_town: Town) -> None:
    told: list[Progress] = []
    play(small_town.house, Order(DAY, 25, 7, 0.0), told.append)
    hours = [progress.at for progress in told]
    assert hours == sorted(hours)
    assert len({(h.date(), h.hour) for h in hours}) == len(hours) > 8
    assert told[-1].entered == 25
    assert [p.payments for p in told] == sorted(p.payments for p in told)
