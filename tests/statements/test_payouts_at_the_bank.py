"""The bank's statement of where a company pays out: its credits are the payouts, and nothing else counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from payments.db import Databases
from payments.models import Movement
from payments.provider import InvalidStatement
from reconciliation.models import BANK, SETTLEMENT, Assignment, StatementLine
from reconciliation.service import reconcile
from reconciliation.statements.layout import InvalidMapping, layout_of
from reconciliation.uploads.arriving import Arrival, arrivals_of
from reconciliation.uploads.mappings import current, write
from reconciliation.uploads.models import Upload
from reconciliation.uploads.origins import origins
from reconciliation.uploads.preview import foresee
from reconciliation.uploads.reading import NoMapping, read_for
from reconciliation.uploads.service import accept, offer
from tests.statements.counter import NOW, Counter, file_of, make_counter
from tests.statements.kit import ACCOUNT, FORMATS, Line, Paper, read
from tests.statements.kit import csv_of as bank_csv
from tests.statements.settling import DAY, MAPPING, ONE, Sold

AT_THE_BANK = {"means": "bank", "account": ACCOUNT, "payout_after": "VNPAY TT DOT"}
#: The morning after the day on which the payout arrived, and the day after it.
LATER = NOW + 2 * ONE


@pytest.fixture
def counter(databases: Databases) -> Counter:
    """A VNPAY account, paid out by day to a bank account that others pay into, too."""
    made = make_counter(databases, {**MAPPING, "payouts": "day"})
    write(databases.write, made.account, AT_THE_BANK, "", "hoa", NOW - timedelta(days=30))
    return made


def settled(counter: Counter) -> int:
    """A day of two payments and their payout; what it pays."""
    paid = [counter.paid(), counter.paid(5_000, fee=55)]
    net = sum(row.net for row in paid)
    counter.hand_in(file_of(*paid, Sold(net, "20261119", "", "Chi trả", fee=0)))
    return net


def credit(amount: int, of: str = "20261119", ref: str = "FT9") -> Line:
    return Line(amount, ref, f"VNPAY TT DOT {of} CHO AN BINH", DAY + ONE)


def paper_of(*lines: Line) -> Paper:
    """Two days of the bank account, the second one quiet but for its interest."""
    return Paper((*lines, Line(-1_100, "FT99", "PHI SMS", DAY + 2 * ONE)))


def at_the_bank(counter: Counter, raw: bytes, name: str = "sao-ke.csv") -> Upload:
    steps = accept(
        counter.databases.write, counter.gateways, counter.account, name, raw, "hoa",
        LATER + ONE, means="bank",
    )  # fmt: skip
    return list(steps)[-1]


def banked(counter: Counter) -> list[tuple[str, int]]:
    with counter.databases.read() as tx:
        rows = tx.scalars(select(StatementLine).where(StatementLine.leg == BANK)).all()
        return sorted((row.rail_ref or "", row.gross) for row in rows)


def matched(counter: Counter) -> int:
    with counter.databases.read() as tx:
        return len(tx.scalars(select(Assignment).where(Assignment.leg == BANK)).all())


@pytest.mark.parametrize("form", FORMATS)
def test_a_credit_pays_the_payout_it_names_in_every_format(counter: Counter, form: str) -> None:
    net = settled(counter)
    done = at_the_bank(counter, FORMATS[form](paper_of(credit(net))), f"sao-ke.{form}")
    assert (done.state, done.means) == ("done", "bank")
    assert done.tally == {"announced": 1, "left_out": 1, "known": 0}
    assert banked(counter) == [("20261119", net)]
    assert matched(counter) == 1
    with counter.databases.read() as tx:
        (booked,) = tx.scalars(select(Movement).where(Movement.kind == "payout")).all()
    assert (booked.rail_ref, booked.amount) == ("20261119", net)
    assert counter.end()["breaks"] == []
    assert counter.end()["violations"] == []


def test_the_order_of_the_two_files_changes_nothing(counter: Counter) -> None:
    paid = counter.paid()
    at_the_bank(counter, bank_csv(paper_of(credit(paid.net))))
    assert matched(counter) == 0
    counter.hand_in(file_of(paid, Sold(paid.net, "20261119", "", "Chi trả", fee=0)), now=LATER)
    assert matched(counter) == 1
    assert counter.end()["breaks"] == []
    assert counter.end()["violations"] == []


def test_the_same_rows_again_in_another_format_and_by_another_mapping_are_the_same_lines(
    counter: Counter,
) -> None:
    paper = paper_of(credit(settled(counter)))
    first = at_the_bank(counter, bank_csv(paper))
    assert at_the_bank(counter, bank_csv(paper)).id == first.id
    before = banked(counter), counter.end()
    changed = AT_THE_BANK | {"payout_after": "VNPAY"}
    write(counter.databases.write, counter.account, changed, "", "hoa", LATER)
    again = at_the_bank(counter, FORMATS["camt053"](paper), "sao-ke.xml")
    assert again.tally["known"] == 1
    assert (banked(counter), counter.end()) == before


def test_a_payout_that_the_bank_does_not_know_is_missing_there(counter: Counter) -> None:
    net = settled(counter)
    at_the_bank(counter, bank_csv(paper_of(credit(net, of="20261118"))))
    assert counter.end()["breaks"] == [("missing_external", -net)]
    assert counter.end()["violations"] == []


def test_another_amount_is_a_difference_and_is_booked_as_it_came(counter: Counter) -> None:
    net = settled(counter)
    at_the_bank(counter, bank_csv(paper_of(credit(net - 1_000))))
    assert counter.end()["breaks"] == [("amount_mismatch", -1_000)]
    with counter.databases.read() as tx:
        (booked,) = tx.scalars(select(Movement).where(Movement.kind == "payout")).all()
    assert booked.amount == net - 1_000
    assert counter.end()["violations"] == []


def test_of_an_account_that_others_pay_into_only_what_is_named_counts(counter: Counter) -> None:
    net = settled(counter)
    paper = paper_of(credit(net), Line(90_000, "FT8", "MOMO CHI TRA", DAY + ONE))
    theirs = AT_THE_BANK | {"entries": "named"}
    with counter.databases.read() as tx:
        before = current(tx, counter.account, "bank")
        told = read_for(counter.account, "a.csv", bank_csv(paper), before, LATER)
        assert foresee(tx, counter.account, told, before).fates == {
            "announced": 1, "arrived": 1, "left_out": 1,
        }  # fmt: skip
    write(counter.databases.write, counter.account, theirs, "", "hoa", LATER)
    assert at_the_bank(counter, bank_csv(paper)).tally == {
        "announced": 1,
        "left_out": 2,
        "known": 0,
    }
    assert banked(counter) == [("20261119", net)]


def test_a_statement_of_the_bank_alone_makes_no_day_await_a_settlement_file(
    databases: Databases,
) -> None:
    counter = make_counter(databases, None)
    write(databases.write, counter.account, AT_THE_BANK, "", "hoa", NOW - timedelta(days=30))
    at_the_bank(counter, bank_csv(paper_of(credit(1_000))))
    looked = reconcile(
        counter.databases.write, counter.gateways, counter.account, DAY + ONE, LATER + ONE
    )
    assert looked.reason == "no_statements"


def test_without_the_bank_accounts_number_nothing_is_believed(databases: Databases) -> None:
    counter = make_counter(databases)
    raw = bank_csv(paper_of(credit(1_000)))
    with pytest.raises(NoMapping, match="at which bank account the payouts of an-vnpay arrive"):
        at_the_bank(counter, raw)
    other = {**AT_THE_BANK, "account": "999"}
    write(databases.write, counter.account, other, "", "hoa", NOW - timedelta(days=30))
    with pytest.raises(InvalidStatement, match=f"the account is {ACCOUNT}, not 999"):
        at_the_bank(counter, raw)
    with databases.read() as tx:
        assert tx.scalars(select(Upload)).all() == []


def test_nothing_is_recorded_before_it_is_confirmed(counter: Counter) -> None:
    net = settled(counter)
    raw = bank_csv(paper_of(credit(net)))
    kept = offer(counter.databases.write, counter.account, "a.csv", raw, "hoa", LATER, "bank")
    assert kept.state == "offered"
    assert banked(counter) == []


def test_a_line_leads_back_to_its_row_in_the_banks_file(counter: Counter) -> None:
    net = settled(counter)
    paper = paper_of(Line(-5_000, "FT7", "TIEN DIEN", DAY + ONE), credit(net))
    at_the_bank(counter, bank_csv(paper))
    with counter.databases.read() as tx:
        lines = tx.scalars(select(StatementLine).where(StatementLine.leg == BANK)).all()
        (found,) = origins(tx, lines).values()
    assert found.row == 8
    assert found.upload.name == "sao-ke.csv"


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("VNPAY TT DOT 20261119 CHO AN BINH", "20261119"),
        ("Vnpay tt đợt: PO-2026.11/19, ngày 20/11", "PO-2026.11/19"),
        ("CT DEN VNPAY-TT-DOT20261119", "20261119"),
        ("VNPAY TT DOTS 20261119", "FT1"),
        ("XVNPAY TT DOT 1", "FT1"),
        ("VNPAY TT DOT", "FT1"),
    ],
)
def test_the_words_before_a_reference_are_found_as_banks_write_them(
    text: str, reference: str
) -> None:
    statement = read(bank_csv(Paper((Line(5_000, "FT1", text),))))
    (row,) = arrivals_of(statement, layout_of(AT_THE_BANK))
    assert isinstance(row, Arrival)
    assert row.payout == reference


def test_a_credit_that_went_back_counts_and_a_debit_does_not(counter: Counter) -> None:
    statement = read(bank_csv(paper_of(credit(5_000))))
    entry = statement.entries[0]
    back = replace(entry, amount=-5_000, reversal=True, narrative="HOAN TRA")
    undone = replace(statement, entries=(entry, back, *statement.entries[1:]))
    rows = arrivals_of(undone, layout_of(AT_THE_BANK))
    assert [isinstance(row, Arrival) for row in rows] == [True, True, False]


def test_a_settlement_files_mapping_says_nothing_of_the_bank() -> None:
    with pytest.raises(InvalidMapping):
        layout_of({"means": SETTLEMENT, "payout_after": "X"})
    with pytest.raises(InvalidMapping):
        layout_of({"means": "bank", "entries": "some"})
