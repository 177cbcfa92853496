"""A bank statement that somebody hands in: money, lines, and never its own proof."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from payments.db import CITY_ZONE
from payments.models import Audit, AuditDetail, Movement, Notice, Payment, Refund
from payments.provider import InvalidStatement
from reconciliation.breaks import list_breaks
from reconciliation.models import AccountDay, Statement, StatementBody, StatementLine
from reconciliation.running import keep_current
from reconciliation.service import reconcile, reconcile_open_days
from reconciliation.uploads import recorders, service
from reconciliation.uploads.meaning import rows_of
from reconciliation.uploads.models import Upload
from reconciliation.uploads.reading import GapBetweenStatements
from reconciliation.uploads.service import carry_on, confirm, offer
from reconciliation.witnesses import only_stated, only_stated_on
from tests.statements.desk import NOW, UploadDesk, day_of
from tests.statements.kit import ACCOUNT, DAY, FORMATS, Line, Paper, bytes_of, read, table_of

ONE = timedelta(days=1)


def paid_by(payment: Payment, reference: str = "FT1", **more: object) -> Line:
    line = Line(payment.amount, reference, f"MBVCB.123.{payment.code}.CT tu 0011 NGUYEN VAN A")
    return replace(line, **more)  # type: ignore[arg-type]


def test_a_credit_with_our_code_pays_and_the_rest_waits_in_suspense(desk: UploadDesk) -> None:
    payment = desk.order()
    done = desk.hand_in(
        day_of(
            paid_by(payment),
            Line(35_000, "FT2", "PHONG KHAM CHUYEN TIEN"),
            Line(-200_000, "FT3", "TIEN DIEN"),
        )
    )
    assert (done.state, done.tally) == ("done", {"payment": 1, "suspense": 1, "other": 1})
    assert desk.payment(payment).state == "paid"
    assert desk.movements() == [("receipt", 20_000, True), ("receipt", 35_000, False)]
    assert desk.violations() == []


def test_the_day_is_complete_and_every_row_matched_or_named(desk: UploadDesk) -> None:
    desk.hand_in(day_of(paid_by(desk.order()), Line(-200_000, "FT3", "TIEN DIEN")))
    with desk.databases.read() as tx:
        assert tx.scalars(select(AccountDay.state)).all() == ["complete"]
        found = [(row.kind, row.line, row.difference) for row in list_breaks(tx, DAY)]
    assert found == [("missing_internal", "FT3", -200_000)]


def test_a_payment_known_only_from_the_statement_is_not_confirmed_by_it(desk: UploadDesk) -> None:
    desk.hand_in(day_of(paid_by(desk.order())))
    assert desk.total() == (1, 20_000, 0, 0)
    with desk.databases.read() as tx:
        movement = tx.scalars(select(Movement)).one()
        assert only_stated(tx, [movement.id]) == {movement.id: "sao-ke.csv · 19/11/2026"}
        assert only_stated_on(tx, [desk.account.slug], DAY) == (1, 20_000)


def test_a_feed_that_tells_later_confirms_it(desk: UploadDesk) -> None:
    line = paid_by(desk.order())
    desk.hand_in(day_of(line))
    later = NOW + timedelta(hours=1)
    desk.feed(line, later)
    assert desk.violations() == []
    assert keep_current(desk.databases.write, later) >= 1
    assert desk.total() == (1, 20_000, 1, 20_000)
    assert desk.count(Movement) == 1
    assert desk.violations() == []


def test_a_payment_the_feed_told_of_first_is_confirmed_by_the_statement(desk: UploadDesk) -> None:
    line = paid_by(desk.order())
    desk.feed(line)
    done = desk.hand_in(day_of(line))
    assert done.tally == {"payment": 1, "known": 1}
    assert desk.total() == (1, 20_000, 1, 20_000)
    assert desk.violations() == []


@pytest.mark.parametrize("second", [name for name in FORMATS if name != "csv"])
def test_every_format_of_a_day_has_the_same_end_alone_and_together(
    desk: UploadDesk, second: str
) -> None:
    lines = (
        paid_by(desk.order()),
        Line(35_000, "FT2", "PHONG KHAM"),
        Line(35_000, "FT2", "PHONG KHAM"),
        Line(-9_000, "FT4", "PHI"),
    )
    desk.hand_in(FORMATS[second](Paper(lines)), f"sao-ke.{second}")
    alone = desk.end()
    assert alone["total"] == (3, 90_000, 0, 0)
    desk.hand_in(FORMATS["csv"](Paper(lines)))
    assert desk.end() == alone
    assert desk.violations() == []


def test_the_same_file_again_changes_nothing(desk: UploadDesk) -> None:
    raw = day_of(paid_by(desk.order()), Line(35_000, "FT2", "X"))
    first = desk.hand_in(raw)
    end = desk.end()
    again = desk.hand_in(raw, "other-name.csv", NOW + ONE)
    assert (again.id, again.state) == (first.id, "done")
    assert desk.end() == end


def test_two_people_who_hand_in_the_same_file_at_once_record_it_once(desk: UploadDesk) -> None:
    rows = [Line(1_000 + n, f"FT{n}", "X") for n in range(250)]
    raw = day_of(paid_by(desk.order()), *rows)
    with ThreadPoolExecutor(2) as people:
        ends = list(people.map(lambda _: desk.hand_in(raw), range(2)))
    assert {end.id for end in ends} == {ends[0].id}
    with desk.databases.read() as tx:
        upload = tx.scalars(select(Upload)).one()
    assert (upload.state, upload.recorded) == ("done", 251)
    assert upload.tally == {"payment": 1, "suspense": 250}
    assert desk.count(Movement) == desk.count(StatementLine) == 251
    assert desk.violations() == []


@pytest.mark.parametrize("steps", [0, 1, 2, 3])
def test_who_dies_in_the_middle_is_carried_on_by_the_next(desk: UploadDesk, steps: int) -> None:
    raw = day_of(*(Line(1_000 + n, f"FT{n}", "X") for n in range(250)))
    upload = offer(desk.databases.write, desk.account, "a.csv", raw, "hoa", NOW)
    confirm(desk.databases.write, upload.id, "hoa", NOW)
    working = carry_on(desk.databases.write, desk.gateways, upload.id, NOW)
    for _ in range(steps):
        next(working)
    assert desk.count(Movement) == min(steps * recorders.CHUNK, 250)
    done = desk.hand_in(raw)
    assert (done.state, done.tally) == ("done", {"suspense": 250})
    assert desk.count(Movement) == 250
    assert desk.violations() == []


def test_the_timetable_finishes_what_its_recorder_left(desk: UploadDesk) -> None:
    raw = day_of(*(Line(1_000 + n, f"FT{n}", "X") for n in range(150)))
    write = desk.databases.write
    upload = offer(write, desk.account, "a.csv", raw, "hoa", NOW)
    assert service.carry_on_abandoned(write, desk.gateways, NOW + ONE) == 0
    confirm(write, upload.id, "hoa", NOW)
    next(carry_on(write, desk.gateways, upload.id, NOW))
    soon, later = NOW + service.PATIENCE, NOW + service.PATIENCE + timedelta(seconds=1)
    assert service.carry_on_abandoned(write, desk.gateways, soon) == 0
    assert service.carry_on_abandoned(write, desk.gateways, later) == 1
    assert service.carry_on_abandoned(write, desk.gateways, later) == 0
    assert desk.count(Movement) == 150
    assert desk.violations() == []


def test_a_statement_that_is_only_looked_at_records_nothing(desk: UploadDesk) -> None:
    offer(desk.databases.write, desk.account, "a.csv", day_of(Line(5_000)), "hoa", NOW)
    assert desk.count(Movement) == desk.count(Notice) == desk.count(Statement) == 0
    assert desk.count(Upload) == 1


def test_a_file_that_is_cut_off_is_refused_whole(desk: UploadDesk) -> None:
    rows = table_of(Paper((Line(5_000), Line(7_000, "FT2"))))
    with pytest.raises(InvalidStatement):
        desk.hand_in(bytes_of(rows[:-1]))
    assert desk.count(Upload) == desk.count(Movement) == 0


def test_a_statement_of_another_bank_account_is_refused(desk: UploadDesk) -> None:
    raw = day_of(Line(5_000)).replace(ACCOUNT.encode(), b"0099999999")
    with pytest.raises(InvalidStatement, match=f"0099999999.*{ACCOUNT}"):
        desk.hand_in(raw)
    assert desk.count(Upload) == 0


def test_a_statement_in_another_currency_is_refused(desk: UploadDesk) -> None:
    with pytest.raises(InvalidStatement, match="USD"):
        desk.hand_in(FORMATS["mt940"](Paper((Line(5_000),), currency="USD")))


def test_a_row_of_a_day_to_come_is_refused(desk: UploadDesk) -> None:
    with pytest.raises(InvalidStatement, match="2026-11-21"):
        desk.hand_in(day_of(Line(5_000, day=date(2026, 11, 21))))


def test_the_opening_balance_continues_the_closing_balance_before_it(desk: UploadDesk) -> None:
    now = NOW + 2 * ONE
    desk.hand_in(day_of(Line(5_000), opening=1_000), now=now)
    next_day = Line(7_000, "FT2", day=DAY + ONE)
    with pytest.raises(GapBetweenStatements, match=r"6000.*9000"):
        desk.hand_in(day_of(next_day, opening=9_000), "b.csv", now)
    assert desk.count(Movement) == 1
    assert desk.hand_in(day_of(next_day, opening=6_000), "c.csv", now).state == "done"


def test_a_gap_somebody_confirms_is_written_to_the_audit(desk: UploadDesk) -> None:
    now = NOW + 2 * ONE
    desk.hand_in(day_of(Line(7_000, "FT2", day=DAY + ONE), opening=9_000), "b.csv", now)
    desk.hand_in(day_of(Line(5_000), opening=1_000), "a.csv", now, despite_gap=True)
    with desk.databases.read() as tx:
        details = tx.scalars(
            select(AuditDetail.detail)
            .join(Audit)
            .where(Audit.act == "statement.confirm")
            .order_by(Audit.id)
        ).all()
    assert [detail["gaps"] for detail in details] == [[], [["a.csv", 6_000, "b.csv", 9_000]]]


def test_a_refund_that_left_by_bank_is_done(desk: UploadDesk) -> None:
    payment = desk.order()
    desk.feed(paid_by(payment))
    code = desk.refund(payment, 5_000)
    done = desk.hand_in(day_of(paid_by(payment), Line(-5_000, "FT9", f"HOAN TIEN {code}")))
    assert done.tally == {"payment": 1, "refund": 1, "known": 1}
    with desk.databases.read() as tx:
        assert tx.scalars(select(Refund.state)).all() == ["done"]
    assert desk.violations() == []


def test_a_credit_the_bank_took_back_is_a_reversal(desk: UploadDesk) -> None:
    payment = desk.order()
    raw = FORMATS["mt940"](
        Paper((paid_by(payment), replace(paid_by(payment, "FT2"), amount=-20_000)))
    )
    assert b"D20000" in raw
    done = desk.hand_in(raw.replace(b"D20000", b"RC20000"))
    assert done.tally == {"payment": 1, "reversal": 1}
    assert desk.payment(payment).reversed == 20_000
    assert desk.violations() == []
    with desk.databases.read() as tx:
        assert list_breaks(tx, DAY) == []


def test_without_a_time_a_row_is_of_noon(desk: UploadDesk) -> None:
    row = rows_of(read(FORMATS["csv"](Paper((Line(5_000),), with_time=False))))[0]
    assert row.event_at == datetime.combine(DAY, time(12), CITY_ZONE)


def test_today_is_not_complete_before_it_is_over(desk: UploadDesk) -> None:
    during = datetime.combine(DAY, time(15), CITY_ZONE)
    line = Line(5_000)
    desk.hand_in(day_of(line), now=during)
    desk.hand_in(day_of(line, Line(6_000, "FT2")), "evening.csv", NOW)
    assert desk.count(StatementLine) == 2
    with desk.databases.read() as tx:
        assert tx.scalars(select(AccountDay.state)).all() == ["complete"]
        assert tx.scalars(select(Statement.complete).order_by(Statement.id)).all() == [False, True]
    assert desk.violations() == []


def test_a_day_without_its_upload_is_awaited_once_somebody_hands_them_in(desk: UploadDesk) -> None:
    desk.hand_in(day_of(Line(5_000)))
    night = datetime.combine(DAY + 2 * ONE, time(0, 30), CITY_ZONE)
    write = desk.databases.write
    waiting = reconcile(write, desk.gateways, desk.account, DAY + ONE, night)
    assert (waiting.state, waiting.reason) == ("awaiting", "no_file")
    # the second look is past the transactions that may have been in flight during the first one
    reconcile_open_days(write, desk.gateways, night)
    looked = reconcile_open_days(write, desk.gateways, night + ONE / 24)
    assert [(r.day, r.state) for r in looked] == [(DAY + ONE, "awaiting")]


def test_a_statement_of_several_days_completes_each_of_them(desk: UploadDesk) -> None:
    lines = (Line(5_000), Line(6_000, "FT2", day=DAY + 2 * ONE))
    desk.hand_in(day_of(*lines), now=NOW + 2 * ONE)
    with desk.databases.read() as tx:
        states = tx.execute(select(AccountDay.day, AccountDay.state).order_by(AccountDay.day))
        assert [tuple(row) for row in states] == [(DAY + n * ONE, "complete") for n in range(3)]
        assert len(tx.scalars(select(StatementBody.body)).all()) == 3
    assert desk.violations() == []


def test_five_thousand_rows_are_recorded_in_many_short_transactions(desk: UploadDesk) -> None:
    payments = [desk.order() for _ in range(20)]
    rows = [paid_by(payment, f"PT{n}") for n, payment in enumerate(payments)]
    rows += [Line(1_000 + n, f"FT{n}", "PHONG KHAM CHUYEN TIEN") for n in range(4_980)]
    done = desk.hand_in(day_of(*rows))
    assert done.tally == {"payment": 20, "suspense": 4_980}
    assert desk.count(StatementLine) == 5_000
    assert desk.total() == (5_000, sum(row.amount for row in rows), 0, 0)
    assert desk.violations() == []
