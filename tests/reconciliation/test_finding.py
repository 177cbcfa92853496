"""Differences among thousands: found by what somebody asks, added up by class, age and account."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from payments.db import new_id
from payments.models import MerchantAccount
from reconciliation.breaks import age_group
from reconciliation.models import Break, Statement, StatementLine
from reconciliation.resolving.finding import (
    NOBODY,
    SORTS,
    Wanted,
    find,
    group,
    owners_of,
    proposals,
)
from reconciliation.resolving.reasons import REASONS
from tests.reconciliation.kit import DAY, ONE, World, at, night
from tests.reconciliation.work import (
    BIG,
    HUNG,
    LAN,
    approving,
    giving,
    missing,
    resolving,
    undoing,
    work,
)

AGES_IN_DAYS = (0, 1, 2, 3, 4, 7, 8, 30, 31, 400)


def opened(account: MerchantAccount, line_id: uuid.UUID, day: date, **changes: object) -> Break:
    values: dict[str, object] = {
        "leg": "settlement", "account_id": account.id, "day": day, "kind": "missing_internal",
        "line_id": line_id, "difference": 1_000, "currency": "VND", "opened_at": night(day),
    }  # fmt: skip
    return Break(**values | changes)


@pytest.fixture
def crowd(world: World) -> World:
    """A difference of each age at both accounts, one of them big and less, one in dollars."""
    with world.databases.write.begin() as tx:
        for number, (days, slug) in enumerate(
            (days, slug) for days in AGES_IN_DAYS for slug in world.accounts
        ):
            account, day = world.accounts[slug], DAY - days * ONE
            tx.add(opened(account, _line(tx, account, day, number), day))
        account = world.account
        big = {"kind": "amount_mismatch", "difference": -BIG, "timing": True}
        tx.add(opened(account, _line(tx, account, DAY, 91), DAY, **big))
        tx.add(opened(account, _line(tx, account, DAY, 92), DAY, currency="USD"))
    return world


def _line(tx: Session, account: MerchantAccount, day: date, number: int) -> uuid.UUID:
    file = Statement(
        account_id=account.id, leg="settlement", day=day, name=f"{number}.csv", sha256=str(number),
        complete=True, received_at=night(day), count=1, gross=0, fee=0, net=0,
    )  # fmt: skip
    tx.add(file)
    tx.flush()
    line = StatementLine(
        id=new_id(), statement_id=file.id, account_id=account.id, leg="settlement", position=1,
        line_ref=f"L-{number}", occurrence=1, kind="payment", event_at=at(day), book_day=day,
        gross=0, fee=0, net=0, currency="VND", text="",
    )  # fmt: skip
    tx.add(line)
    tx.flush()
    return line.id


def found(world: World, wanted: Wanted, sort: str = "oldest") -> list[tuple[int, str, int]]:
    """(days old, account, difference) of what is found."""
    with world.databases.read() as tx:
        rows = find(tx, wanted, DAY, sort, limit=100)
        assert group(tx, wanted, DAY).count == len(rows)
        return [((DAY - row.day).days, row.account, row.difference) for row in rows]


@pytest.mark.parametrize("age", ["0-1", "2-3", "4-7", "8-30", ">30"])
def test_each_age_group_holds_what_is_called_so(crowd: World, age: str) -> None:
    days = {row[0] for row in found(crowd, Wanted(age=age))}
    assert days == {n for n in AGES_IN_DAYS if age_group(DAY - n * ONE, DAY) == age}


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(), 22),
        (Wanted(kind="amount_mismatch"), 1),
        (Wanted(leg="settlement"), 22),
        (Wanted(leg="payout"), 0),
        (Wanted(account="cau-go"), 10),
        (Wanted(operator="An Bình"), 12),
        (Wanted(nature="timing"), 1),
        (Wanted(nature="error"), 21),
        (Wanted(since=DAY - 3 * ONE, until=DAY - 2 * ONE), 4),
        (Wanted(owner=NOBODY), 22),
        (Wanted(owner=LAN), 0),
        (Wanted(state="resolved"), 0),
        (Wanted(state="all"), 22),
        (Wanted(state="waiting"), 0),
        (Wanted(account="cau-go", age=">30", kind="missing_internal"), 2),
    ],
)
def test_a_question_finds_what_it_names(crowd: World, wanted: Wanted, count: int) -> None:
    assert len(found(crowd, wanted)) == count


def test_the_groups_add_up_to_the_whole_in_each_currency(crowd: World) -> None:
    with crowd.databases.read() as tx:
        groups = group(tx, Wanted(), DAY)
    for parts in (groups.by_class, groups.by_age, groups.by_account):
        for total in groups.total:
            mine = [part for part in parts if part.currency == total.currency]
            assert sum(part.count for part in mine) == total.count
            assert sum(part.difference for part in mine) == total.difference
    assert {(g.currency, g.count, g.more, g.less) for g in groups.total} == {
        ("VND", 21, 20_000, -BIG),
        ("USD", 1, 1_000, 0),
    }
    assert [part.name for part in groups.by_age if part.currency == "VND"] == [
        "0-1", "2-3", "4-7", "8-30", ">30",
    ]  # fmt: skip


def test_every_order_shows_the_same_and_begins_as_it_says(crowd: World) -> None:
    by_order = {sort: found(crowd, Wanted(), sort) for sort in SORTS}
    assert len({tuple(sorted(rows)) for rows in by_order.values()}) == 1
    assert by_order["oldest"][0][0] == 400
    assert by_order["newest"][0][0] == 0
    assert by_order["largest"][0][2] == -BIG
    assert by_order["class"][0][2] == -BIG
    assert by_order["account"][0][1] == "an-binh"


def test_pages_show_each_difference_once(crowd: World) -> None:
    with crowd.databases.read() as tx:
        pages = [find(tx, Wanted(), DAY, "largest", 5, 5 * n) for n in range(5)]
    ids = [row.id for page in pages for row in page]
    assert (len(ids), len(set(ids))) == (22, 22)


def test_a_difference_shows_its_owner_its_file_and_what_waits(world: World) -> None:
    row = missing(world, BIG)
    work(world, row.id, giving(HUNG))
    act = work(world, row.id, resolving("written_off"))
    with world.databases.read() as tx:
        [seen] = find(tx, Wanted(state="waiting"), DAY)
        assert (seen.id, seen.owner, seen.file) == (row.id, HUNG, None)
        assert {key: one.id for key, one in proposals(tx, [row.id]).items()} == {row.id: act.id}
        assert owners_of(tx, Wanted(), DAY) == [HUNG]
    work(world, row.id, approving())
    assert found(world, Wanted(state="waiting")) == []
    assert len(found(world, Wanted(state="resolved"))) == 1
    work(world, row.id, undoing())
    assert len(found(world, Wanted(state="waiting"))) == 1


def test_what_a_later_file_explains_says_which_file_and_line(world: World) -> None:
    paid = world.pay("M")
    world.settle(DAY)
    world.reconcile()
    world.settle(DAY + ONE, paid.line)
    world.reconcile(DAY + ONE)
    with world.databases.read() as tx:
        [seen] = find(tx, Wanted(state="resolved"), DAY)
    assert (seen.resolution, seen.file, seen.position) == ("late", f"{DAY + ONE}-1.csv", 1)


@given(st.integers(0, 800), st.sampled_from(sorted(REASONS)))
def test_ages_and_reasons_are_total(days: int, code: str) -> None:
    assert age_group(DAY - timedelta(days=days), DAY) in {"0-1", "2-3", "4-7", "8-30", ">30"}
    reason = REASONS[code]
    assert not any(reason.fits(kind, "settlement", 1) for kind in ("late", "control_total", ""))
