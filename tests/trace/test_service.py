"""Whichever end one holds, the whole way is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from parking.lots.service import issue_sign
from parking.receipts.models import Receipt
from parking.reports.asked import Asked
from parking.reports.publishing import publish_report
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import quotes_of
from parking.sessions.refunds import refund
from parking.trace.model import Stage, Trace
from parking.trace.service import trace
from payments.db import business_day
from payments.errors import NotFound
from payments.models import Movement
from payments.refunds import RefundRequest
from reconciliation.models import Break, Statement, StatementLine
from tests.kit import Town
from tests.trace.conftest import Paid, settle

WHOLE_WAY = [
    Stage.SIGN,
    Stage.SESSION,
    Stage.QUOTE,
    Stage.PAYMENT,
    Stage.NOTICE,
    Stage.MOVEMENT,
    Stage.TRANSFER,
    Stage.RECEIPT,
    Stage.LINE,
    Stage.FILE,
    Stage.MATCH,
    Stage.PAYOUT,
    Stage.BANK,
    Stage.TOTAL,
]


def look(paid: Paid, query: str, operator: str | None = None) -> Trace:
    with paid.town.house.databases.read() as tx:
        return trace(tx, query, operator)


def stages(found: Trace) -> list[Stage]:
    """The stages passed, each once, in order."""
    return list(dict.fromkeys(step.stage for step in found.steps))


def movement(paid: Paid) -> Movement:
    with paid.town.house.databases.read() as tx:
        query = select(Movement).where(
            Movement.payment_id == paid.payment.id, Movement.kind == "receipt"
        )
        return tx.scalars(query).one()


def line(paid: Paid) -> StatementLine:
    with paid.town.house.databases.read() as tx:
        query = select(StatementLine).where(StatementLine.order_code == paid.payment.code)
        return tx.scalars(query).one()


def receipt(paid: Paid) -> Receipt:
    with paid.town.house.databases.read() as tx:
        return tx.scalars(select(Receipt).where(Receipt.payment_id == paid.payment.id)).one()


KEYS: dict[str, Callable[[Paid], str]] = {
    "session id": lambda paid: str(paid.session.id),
    "session reference": lambda paid: paid.session.reference,
    "session token": lambda paid: paid.session.token,
    "plate": lambda _: "30a 12345",
    "payment id": lambda paid: str(paid.payment.id),
    "payment code": lambda paid: paid.payment.code,
    "payment code read aloud": lambda paid: " ".join(paid.payment.code.lower()),
    "quote id": lambda paid: str(quotes_of(paid.payment.intent)[0]),
    "receipt number": lambda _: "HOAN-KIEM-2026-000001",
    "receipt number typed small": lambda _: "hoan-kiem-2026-1",
    "receipt token": lambda paid: receipt(paid).token,
    "receipt id": lambda paid: str(receipt(paid).id),
    "movement id": lambda paid: str(movement(paid).id),
    "rail reference": lambda paid: movement(paid).rail_ref,
    "line reference": lambda paid: line(paid).line_ref,
    "line id": lambda paid: str(line(paid).id),
}


@pytest.mark.parametrize("key", KEYS)
def test_every_key_finds_the_whole_way(paid: Paid, key: str) -> None:
    settle(paid.town)
    found = look(paid, f"  {KEYS[key](paid)} ")
    passed = [stage for stage in stages(found) if stage is not Stage.REFUND]
    assert passed == WHOLE_WAY
    assert found.codes == (paid.payment.code,)
    assert not any(step.missing for step in found.steps)


def test_the_way_goes_on_from_the_bank_back_to_every_payment(paid: Paid) -> None:
    settle(paid.town)
    with paid.town.house.databases.read() as tx:
        account_id = paid.payment.account_id
        credit = tx.scalars(
            select(StatementLine).where(
                StatementLine.leg == "bank", StatementLine.account_id == account_id
            )
        ).one()
    for key in (credit.line_ref, credit.rail_ref or "", str(credit.id)):
        found = look(paid, key)
        assert {Stage.PAYOUT, Stage.BANK, Stage.MOVEMENT} <= set(stages(found))
        assert [share.payment for share in found.shares] == [paid.payment.code]
        assert sum(share.net for share in found.shares) == credit.gross
        totals = [step for step in found.steps if step.stage is Stage.TOTAL]
        assert [step.figures["net"] for step in totals] == [credit.gross]


def test_every_line_names_the_bytes_it_was_read_from(paid: Paid) -> None:
    settle(paid.town)
    files = [step for step in look(paid, paid.payment.code).steps if step.stage is Stage.FILE]
    with paid.town.house.databases.read() as tx:
        query = select(Statement).join(StatementLine, StatementLine.statement_id == Statement.id)
        mine = query.where(StatementLine.account_id == paid.payment.account_id)
        received = {row.sha256 for row in tx.scalars(mine)}
    assert {step.reference for step in files} == received
    assert len(files) == 3
    assert len(received) == 2


def put_out(paid: Paid, kind: str = "daily", operator: str | None = None, reason: str = "") -> None:
    town, day = paid.town, business_day(paid.payment.created_at)
    asked = Asked(day, day, operator, town.now)
    publish_report(town.house.databases, kind, asked, "person:lan", reason)


def publications(paid: Paid, query: str) -> list[tuple[str, str, bool]]:
    steps = [step for step in look(paid, query).steps if step.stage is Stage.PUBLISHED]
    return [(step.reference, step.text("en").split(":")[0], step.missing) for step in steps]


def test_published_figures_that_count_the_day_are_named(paid: Paid) -> None:
    settle(paid.town)
    put_out(paid, "daily", "hoan-kiem")
    put_out(paid, "daily", "thang-long")
    put_out(paid, "ageing")
    put_out(paid, "city")
    counted = [
        ("1", "This day is counted in published figure 1, revision 1", False),
        ("4", "This day is counted in published figure 4, revision 1", False),
    ]
    assert publications(paid, "30a 12345") == counted
    assert publications(paid, line(paid).line_ref) == counted


def test_a_batch_names_the_published_figures_of_the_days_it_pays_for(paid: Paid) -> None:
    settle(paid.town)
    put_out(paid)
    with paid.town.house.databases.read() as tx:
        credit = select(StatementLine.rail_ref).where(
            StatementLine.leg == "bank", StatementLine.account_id == paid.payment.account_id
        )
        batch = tx.scalars(credit).one()
    assert [number for number, _, _ in publications(paid, batch or "")] == ["1"]


def test_money_recorded_after_a_publication_is_told_apart_until_a_revision_counts_it(
    paid: Paid,
) -> None:
    put_out(paid)
    session = paid.town.arrive("30A-999.99")
    paid.town.clock.forward(minutes=30)
    late = paid.town.pay(session)
    came_later = "Recorded after published figure 1, revision 1"
    assert publications(paid, late.code) == [("1", came_later, True)]
    settle(paid.town)
    put_out(paid, reason="the files came")
    assert publications(paid, late.code) == [
        ("1", came_later, False),
        ("2", "This day is counted in published figure 2, revision 2", False),
    ]


def test_money_that_no_file_confirmed_says_so(paid: Paid) -> None:
    found = look(paid, paid.payment.code)
    missing = [step for step in found.steps if step.missing]
    assert [step.stage for step in missing] == [Stage.LINE]
    assert missing[0].text("vi") != missing[0].text("en")


def test_a_payout_that_no_bank_confirmed_says_so(paid: Paid) -> None:
    settle(paid.town, nights=1)
    found = look(paid, paid.payment.code)
    missing = [step for step in found.steps if step.missing]
    assert [(step.stage, step.amount) for step in missing] == [(Stage.BANK, line(paid).net)]


def test_a_refund_stands_in_the_way_of_its_payment(paid: Paid) -> None:
    house = paid.town.house
    request = RefundRequest(paid.payment.id, 10_000, "charge", "Tính nhầm", "person:an", "k-1")
    refund(house.databases.write, house.gateways, request, 200_000, paid.town.now)
    found = look(paid, paid.payment.code)
    back = [step for step in found.steps if step.stage is Stage.REFUND]
    assert [(step.amount, step.by, step.reference) for step in back] == [
        (10_000, "person:an", "k-1")
    ]
    assert "Tính nhầm" in back[0].text("vi")


def test_a_difference_stands_in_the_way_and_its_id_finds_it(paid: Paid) -> None:
    town = paid.town
    today = business_day(town.now)
    town.driver_of(town.account()).plant(today, "missing_line", order=paid.payment.code)
    settle(town, nights=1)
    with town.house.databases.read() as tx:
        difference = tx.scalars(select(Break)).one()
    for key in (str(difference.id), paid.payment.code):
        steps = [step for step in look(paid, key).steps if step.stage is Stage.BREAK]
        assert [(step.reference, step.missing) for step in steps] == [("missing_external", True)]
        assert steps[0].figures == {"difference": -paid.payment.amount}


def test_finance_of_one_operator_sees_only_its_own_money(paid: Paid) -> None:
    assert look(paid, paid.payment.code, "hoan-kiem").codes == (paid.payment.code,)
    with pytest.raises(NotFound):
        look(paid, paid.payment.code, "thang-long")
    with pytest.raises(NotFound):
        look(paid, paid.session.token, "thang-long")


@pytest.mark.parametrize(
    "query", ["", " ", "PK22222222222", "HOAN-KIEM-2026-000099", "😀", "x" * 500]
)
def test_an_unknown_key_is_answered_with_what_is_accepted(paid: Paid, query: str) -> None:
    with pytest.raises(NotFound, match="payment code or id, a receipt number") as refusal:
        look(paid, query)
    assert len(str(refusal.value)) < 300


def test_a_trace_is_readable_by_programs(paid: Paid) -> None:
    told = look(paid, paid.payment.code).as_json()
    assert told["payments"] == [paid.payment.code]
    steps = told["steps"]
    assert isinstance(steps, list)
    assert {"stage", "text", "at", "amount", "reference", "missing"} <= set(steps[0])


def test_a_stay_that_began_without_a_sign_says_so(town: Town) -> None:
    seen = town.arrive("29-B1 123.45", "motorbike", declared=False, actor="person:binh")
    with town.house.databases.read() as tx:
        (lot, *_) = trace(tx, seen.reference).steps
    assert lot.text("en") == "Lot HK01 · Bãi xe Trần Quang Khải, without scanning its sign"


def test_a_stay_begins_with_the_sign_that_was_scanned_and_ends_with_its_exit(paid: Paid) -> None:
    town = paid.town
    with town.house.databases.write.begin() as tx:
        record_exit(
            tx, paid.session.id, Leaving("person:binh", gone := town.clock.forward(minutes=5)), gone
        )
        issue_sign(tx, town.lots["HK01"], "person:admin", town.now)
    found = look(paid, paid.payment.code)
    assert found.steps[0].text("en") == "Scanned the sign of lot HK01 · Bãi xe Trần Quang Khải"
    assert found.steps[0].reference == "HK01-1"
    left = [step for step in found.steps if step.text("en") == "30A-123.45 left"]
    assert [(step.by, step.at) for step in left] == [("person:binh", town.now)]
