"""Settlement files that people hand in: whole days, once, by the mapping that held, and what they prove."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from payments.codes import code_for
from payments.db import Databases
from payments.errors import NotFound
from payments.models import Audit
from payments.provider import InvalidStatement
from reconciliation.models import StatementBody
from reconciliation.packing import unpack
from reconciliation.uploads.mappings import current, history, version_of, write
from reconciliation.uploads.models import StatementMapping, Upload, UploadBody
from reconciliation.uploads.reading import NoMapping, settlement_for
from reconciliation.uploads.service import carry_on, carry_on_abandoned, confirm, offer
from reconciliation.uploads.settlement_preview import foresee_settlement
from tests.statements.counter import NOW, Counter, file_of, make_counter
from tests.statements.settling import DAY, MAPPING, ONE, File, Sold

NEVER = Sold(7_000, "999", code_for(10**6), fee=77)


@pytest.fixture
def counter(databases: Databases) -> Counter:
    """A VNPAY account with a mapping, nothing handed in yet."""
    return make_counter(databases)


def test_a_file_confirms_what_notices_told_and_names_what_nobody_did(counter: Counter) -> None:
    paid = [counter.paid(), counter.paid(5_000, fee=55)]
    done = counter.hand_in(file_of(*paid, NEVER))
    assert (done.state, done.means, done.tally) == (
        "done",
        "settlement",
        {"payment": 3, "known": 0},
    )
    end = counter.end()
    assert end["days"] == [(DAY, "complete")]
    assert (end["matches"], end["breaks"]) == (2, [("missing_internal", 7_000)])
    assert end["violations"] == []


def test_the_same_file_again_and_the_same_line_in_another_change_nothing(counter: Counter) -> None:
    rows = [counter.paid(), counter.paid(5_000, fee=55)]
    first = counter.hand_in(file_of(*rows))
    end = counter.end()
    assert counter.hand_in(file_of(*rows)).id == first.id
    assert counter.end() == end
    again = counter.hand_in(file_of(*reversed(rows), delimiter=";"), "b.csv")
    assert again.tally == {"payment": 2, "known": 2}
    assert counter.end() == end


def test_two_truly_identical_rows_stay_two_however_often_they_come(counter: Counter) -> None:
    counter.hand_in(file_of(NEVER, NEVER))
    counter.hand_in(file_of(NEVER, NEVER, delimiter=";"), "b.csv")
    assert len(counter.end()["lines"]) == 2


def test_a_file_of_several_days_becomes_one_statement_for_each(counter: Counter) -> None:
    above = (("Từ ngày", "17/11/2026", "Đến ngày", "19/11/2026"), ())
    rows = [counter.paid(), Sold(5_000, "1", code_for(9), day=DAY - 2 * ONE)]
    upload = counter.hand_in(file_of(*rows, above=above))
    found = [(s.day, s.count, s.complete, s.upload_id) for s in counter.statements()]
    assert found == [
        (DAY - n * ONE, count, True, upload.id) for n, count in ((2, 1), (1, 0), (0, 1))
    ]
    assert [state for _, state in counter.end()["days"]] == ["complete"] * 3


def test_a_day_that_is_not_over_or_of_which_more_follows_is_partial(counter: Counter) -> None:
    counter.hand_in(file_of(counter.paid()), now=NOW - timedelta(hours=12))
    assert counter.end()["days"] == [(DAY, "partial")]
    half = make_counter_of(counter, {**MAPPING, "whole": "no"})
    half.hand_in(file_of(counter.paid(), delimiter=";"), "b.csv")
    assert counter.end()["days"] == [(DAY, "partial")]


def make_counter_of(counter: Counter, mapping: dict[str, object]) -> Counter:
    write(counter.databases.write, counter.account, mapping, "", "hoa", NOW)
    return counter


def test_the_original_is_kept_and_each_line_leads_to_its_row(counter: Counter) -> None:
    raw = file_of(NEVER, counter.paid())
    upload = counter.hand_in(raw)
    with counter.databases.read() as tx:
        assert tx.get_one(UploadBody, upload.id).body == raw
        (statement,) = counter.statements()
        kept = unpack(tx.get_one(StatementBody, statement.id).body)
        assert kept is not None
        told = json.loads(kept)
    assert told["sha256"] == upload.sha256
    assert told["rows"] == [6, 7]


def test_a_preview_tells_everything_and_records_nothing(counter: Counter) -> None:
    counter.hand_in(file_of(NEVER))
    rows = (NEVER, counter.paid(), Sold(9_000, "5", code_for(5), status="Thất bại"))
    with counter.databases.read() as tx:
        by = current(tx, counter.account, "settlement")
        file = settlement_for(counter.account, "a.csv", file_of(*rows), by, NOW)
        found = foresee_settlement(tx, counter.account, file, NOW, shown=1)
    assert (found.known, found.ours, found.ignored) == (1, 1, {"Thất bại": 1})
    assert found.kinds == {"payment": (2, 27_000)}
    assert [(day.day, day.count, day.complete, day.already) for day in found.days] == [
        (DAY, 2, True, True)
    ]
    assert len(found.first) == 1
    assert len(counter.statements()) == 1


def test_without_a_mapping_nothing_is_guessed(databases: Databases) -> None:
    counter = make_counter(databases, None)
    with pytest.raises(NoMapping, match="an-vnpay"):
        counter.hand_in(file_of(NEVER))


def test_a_mapping_is_a_new_version_and_old_ones_are_kept(counter: Counter) -> None:
    changed = {**MAPPING, "scale": "100"}
    db, account = counter.databases, counter.account
    assert write(db.write, account, changed, "hợp đồng mới", "lan", NOW).version == 2
    assert write(db.write, account, changed, "", "lan", NOW).version == 2
    with db.read() as tx:
        assert [(m.version, m.by) for m in history(tx, account)] == [(2, "lan"), (1, "hoa")]
        acts = tx.scalars(select(Audit.act).where(Audit.subject == account.slug)).all()
    assert acts == ["statement.mapping"] * 2


@pytest.mark.parametrize(
    "change", ["UPDATE statement_mapping SET note = 'x'", "DELETE FROM statement_mapping"]
)
def test_a_version_cannot_be_changed(counter: Counter, change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), counter.databases.write.begin() as tx:
        tx.execute(text(change))


def test_what_was_confirmed_is_read_by_the_mapping_that_held_then(counter: Counter) -> None:
    db = counter.databases
    upload = offer(db.write, counter.account, "a.csv", file_of(NEVER), "hoa", NOW)
    confirm(db.write, upload.id, "hoa", NOW)
    make_counter_of(counter, {**MAPPING, "scale": "100"})
    assert list(carry_on(db.write, counter.gateways, upload.id, NOW))[-1].state == "done"
    assert counter.end()["lines"] == [("payment:999", "payment", 6_923)]


def test_what_is_only_offered_is_read_anew_by_the_present_mapping(counter: Counter) -> None:
    db, raw = counter.databases, file_of(Sold(700_000, "9", code_for(9), fee=0))
    first = offer(db.write, counter.account, "a.csv", raw, "hoa", NOW)
    make_counter_of(counter, {**MAPPING, "scale": "100"})
    again = offer(db.write, counter.account, "a.csv", raw, "hoa", NOW)
    assert (first.id, first.closing, again.closing) == (again.id, 700_000, 7_000)


def test_whoever_dies_between_two_days_is_followed_by_the_timetable(counter: Counter) -> None:
    db, above = counter.databases, (("Từ ngày", "17/11/2026", "Đến ngày", "19/11/2026"), ())
    rows = [Sold(5_000, str(n), code_for(n), day=DAY - (n % 3) * ONE) for n in range(1, 10)]
    upload = offer(db.write, counter.account, "a.csv", file_of(*rows, above=above), "hoa", NOW)
    confirm(db.write, upload.id, "hoa", NOW)
    assert next(carry_on(db.write, counter.gateways, upload.id, NOW)).recorded == 3
    assert carry_on_abandoned(db.write, counter.gateways, NOW + timedelta(hours=1)) == 1
    with db.read() as tx:
        done = tx.get_one(Upload, upload.id)
    assert (done.state, done.recorded, done.tally["payment"]) == ("done", 9, 9)
    assert len(counter.end()["lines"]) == 9


def test_a_file_that_is_refused_leaves_nothing(counter: Counter) -> None:
    with pytest.raises(InvalidStatement, match=r"doi-soat.csv, line 6: .*Tạm giữ"):
        counter.hand_in(file_of(Sold(status="Tạm giữ")))
    with counter.databases.read() as tx:
        assert tx.scalars(select(Upload)).all() == []


def test_a_day_without_a_payment_is_complete_too(counter: Counter) -> None:
    counter.hand_in(file_of())
    assert counter.end()["days"] == [(DAY, "complete")]


def test_a_line_says_which_payout_carries_it(counter: Counter) -> None:
    header = [*File().header, "Mã đợt thanh toán"]
    rows = File((NEVER,), header=header).table()
    rows[5].append("PO-77")
    lines = "\n".join(",".join(row) for row in rows).encode()
    counter.hand_in(lines)
    with counter.databases.read() as tx:
        assert tx.scalar(text("SELECT batch FROM statement_line")) == "PO-77"


def test_mappings_of_both_meanings_stand_side_by_side(counter: Counter) -> None:
    write(counter.databases.write, counter.account, {"means": "bank"}, "", "hoa", NOW)
    with counter.databases.read() as tx:
        held = {m: current(tx, counter.account, m) for m in ("bank", "settlement")}
    versions = {
        m: found.version for m, found in held.items() if isinstance(found, StatementMapping)
    }
    assert versions == {"bank": 2, "settlement": 1}


def test_a_version_is_found_by_its_number_and_one_that_never_was_is_refused(
    counter: Counter,
) -> None:
    write(counter.databases.write, counter.account, {"means": "bank"}, "", "hoa", NOW)
    with counter.databases.read() as tx:
        numbers = [version_of(tx, counter.account, number).version for number in (1, 2)]
        assert numbers == [1, 2]
        with pytest.raises(NotFound, match="has no mapping with the number 3"):
            version_of(tx, counter.account, 3)


@pytest.mark.parametrize("pays", ["named", "day"])
def test_a_days_payout_pays_for_its_rows_where_the_mapping_says_so(
    databases: Databases, pays: str
) -> None:
    counter = make_counter(databases, {**MAPPING, "payouts": pays})
    paid = counter.paid()
    short = Sold(19_000, "P1", "", "Chi trả", fee=0)
    counter.hand_in(file_of(paid, short))
    end = counter.end()
    assert end["breaks"] == ([("amount_mismatch", -780)] if pays == "day" else [])
    assert end["violations"] == []
