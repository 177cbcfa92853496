"""What attendants do on a played day is what books, queue and lists say of it afterwards."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parking.cards.models import Card
from parking.passes.models import Pass
from parking.passes.service import is_paid
from parking.reports.daily import city_day
from parking.sessions.claim_queue import waiting_claims
from parking.sessions.due import standings
from parking.sessions.models import UNRECORDED, Exemption, ParkingSession, TransferClaim
from parking.sessions.quotes import GROUP
from parking.sessions.stays import stays_of
from parking.shifts.models import CashEntry, Shift
from parking.simulate import day as played_day
from parking.simulate import mix
from parking.simulate.mix import Fate
from parking.simulate.truth import Truth
from payments.db import connect
from payments.models import Payment
from tests.kit import Town, make_town
from tests.simulate.kit import DAY, NEXT, found, hire, played, reconciled, seeded, violations


@pytest.fixture(autouse=True)
def eventful(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day on which everything happens although few vehicles come."""
    monkeypatch.setattr(mix, "FATES", dict.fromkeys(Fate, 90))
    monkeypatch.setattr(played_day, "CASH", 400)


@pytest.fixture
def small_town(sqlite_url: str, tmp_path: Path) -> Town:
    return hire(make_town(connect(sqlite_url), tmp_path, sqlite_url))


def names(town: Town, *which: object) -> Counter[tuple[str, str]]:
    """Lot and plate of the stays for which all of `which` holds."""
    with town.house.databases.read() as tx:
        rows = tx.scalars(select(ParkingSession).where(*which))  # type: ignore[arg-type]
        return Counter((row.lot.number, row.plate) for row in rows)


def check_money(town: Town, truth: Truth) -> None:
    diary = truth.diary
    with town.house.databases.read() as tx:
        report = city_day(tx, DAY, town.now)
    assert (report.cashless.count, report.cashless.gross) == (truth.payments, truth.gross)
    gross = sum(row.amount for row in diary.cash)
    assert (report.cash.count, report.cash.gross) == (len(diary.cash), gross)
    assert diary.cash
    assert report.total.breaks == len(truth.faults) + len(truth.wrong_counts)
    tills = {row.part.slug: row.figures.gross for row in report.by_account if row.cash}
    taken: Counter[str] = Counter()
    for shift in diary.shifts:
        taken[shift.account] += shift.taken
    assert tills == taken


def check_shifts(town: Town, truth: Truth) -> None:
    with town.house.databases.read() as tx:
        shifts = tx.scalars(select(Shift)).all()
        entries = tx.scalar(select(func.count()).select_from(CashEntry))
    kept = sorted((row.counted or 0, row.difference or 0) for row in shifts)
    assert all(row.closed_at for row in shifts)
    assert any(row.taken_by for row in shifts)
    assert kept == sorted((s.counted, s.difference) for s in truth.diary.shifts)
    assert entries == len(truth.diary.cash)
    assert [s.attendant for s in truth.diary.shifts if s.closed_at.date() == NEXT] != []


def check_claims(town: Town, truth: Truth) -> None:
    claims = truth.diary.claims
    assert {row.arrived for row in claims} == {True, False}
    with town.house.databases.read() as tx:
        waiting = waiting_claims(tx, town.now)
        queue = sorted((w.session.lot.number, w.session.plate, w.claim.amount) for w in waiting)
        paid = tx.scalar(
            select(func.count(TransferClaim.id)).where(TransferClaim.outcome == "paid")
        )
    never = [row for row in claims if not row.arrived]
    assert queue == sorted((row.stay.lot, row.stay.plate, row.amount) for row in never)
    assert paid == len(claims) - len(never)


def check_stays(town: Town, truth: Truth) -> None:
    diary = truth.diary
    told = [(row.lot, row.plate) for row in diary.unrecorded]
    assert names(town, ParkingSession.exit_kind == UNRECORDED) == Counter(told)
    assert names(town, ParkingSession.card_id.is_not(None)) == Counter(
        (row.lot, row.plate) for row in diary.cards_issued
    )
    with town.house.databases.read() as tx:
        lost = [(c.lot.number, c.label) for c in tx.scalars(select(Card)) if c.state == "lost"]
        spared = Counter(tx.scalars(select(Exemption.reason)))
        free = select(ParkingSession).join(Exemption, Exemption.session_id == ParkingSession.id)
        due = [s.due for s in standings(tx, town.house.tariffs, tx.scalars(free).all(), town.now)]
    assert sorted(lost) == sorted((row.lot, row.plate) for row in diary.cards_lost)
    assert spared == Counter(row.reason for row in diary.exemptions)
    assert set(due) == {0}
    assert diary.unrecorded
    assert diary.cards_lost


def check_passes(town: Town, truth: Truth) -> None:
    sold = {(row.lot, row.plate): row for row in truth.diary.passes}
    with town.house.databases.read() as tx:
        passes = {row.plate: row.price for row in tx.scalars(select(Pass).where(is_paid()))}
        held = select(ParkingSession).where(ParkingSession.pass_id.is_not(None))
        stands = standings(tx, town.house.tariffs, tx.scalars(held).all(), town.now)
    assert passes == {row.plate: row.price for row in sold.values()}
    assert {one.due for one in stands} == {0}
    assert {one.paid for one in stands} == {0}
    assert names(town, ParkingSession.pass_id.is_not(None)) == {k: r.stays for k, r in sold.items()}
    assert len(stands) > len(sold) > 0


def check_groups(town: Town, truth: Truth) -> None:
    with town.house.databases.read() as tx:
        query = select(Payment).where(Payment.reference.startswith(GROUP), Payment.state == "paid")
        paid = tx.scalars(query).all()
        stays = stays_of(tx, paid)
    told = {row.code: (list(row.plates), row.amount) for row in truth.diary.groups}
    kept = {p.code: (sorted(s.plate for s in stays[p.id]), p.amount) for p in paid}
    assert kept == told != {}


def test_the_kerb_is_found_as_it_was_played(town: Town) -> None:
    truth = played(hire(town), sessions=60)
    reconciled(town, DAY)
    assert found(town, DAY) == seeded(truth)
    assert violations(town) == []
    checks = (check_money, check_shifts, check_claims, check_stays, check_passes, check_groups)
    for check in checks:
        check(town, truth)
