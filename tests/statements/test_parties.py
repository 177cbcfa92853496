"""Rules ask for the other side of a bank's line where the bank says it in columns of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from payments.errors import WrongUsage
from reconciliation.models import SETTLEMENT, StatementLine
from reconciliation.rules.deciding import Proposal, approve, checked, propose
from reconciliation.rules.finding import preview
from reconciliation.rules.models import LineRule, OtherLine
from reconciliation.rules.words import is_party, phrases_of
from reconciliation.uploads.models import LineParty
from tests.statements.desk import NOW, UploadDesk
from tests.statements.kit import DAY, PAPER, Line, Paper, bytes_of, camt_of, table_of

POWER, NUMBER = "CÔNG TY ĐIỆN LỰC HOÀN KIẾM", "0021 000 444555"
#: Each line with its other side.
PAPER_OF = Paper(
    (
        Line(-500_000, "FT1", "TT HOA DON T11"),
        Line(-70_000, "FT2", "CONG TY DIEN LUC HOAN KIEM 0021000444555"),
        Line(35_000, "FT3", "CHUYEN TIEN"),
    )
)
SIDES = ((POWER, NUMBER), ("", ""), ("NGUYEN VAN A", "9990001"))
ASKED = Proposal("an-binh", None, SETTLEMENT, "", -1, None, None, "Tiền điện", party="điện lực")


def with_sides(paper: Paper, sides: tuple[tuple[str, str], ...] = SIDES) -> bytes:
    """The bank's table with the two columns more."""
    rows = [list(row) for row in table_of(paper)]
    header = next(place for place, row in enumerate(rows) if "Diễn giải" in row)
    rows[header] += ["Tên đối ứng", "Tài khoản đối ứng"]
    for row, side in zip(rows[header + 1 :], sides, strict=False):
        row += side
    return bytes_of(rows, PAPER)


def rule(desk: UploadDesk, asked: Proposal = ASKED) -> LineRule:
    with desk.databases.write.begin() as tx:
        return approve(tx, propose(tx, asked, "person:an", NOW).id, "person:binh", NOW)


def named(desk: UploadDesk) -> list[str]:
    with desk.databases.read() as tx:
        lines = select(StatementLine).join(OtherLine, OtherLine.line_id == StatementLine.id)
        return sorted(line.line_ref for line in tx.scalars(lines))


@pytest.mark.parametrize("party", ["điện lực", "0021000444555", "dien luc; 0021-000-444555"])
def test_a_rule_names_the_lines_of_one_other_side_and_no_text_that_says_the_same(
    desk: UploadDesk, party: str
) -> None:
    rule(desk, replace(ASKED, party=party))
    desk.hand_in(with_sides(PAPER_OF))
    assert named(desk) == ["FT1"]
    assert desk.violations() == []


def test_words_and_other_side_must_both_be_there(desk: UploadDesk) -> None:
    rule(desk, replace(ASKED, words="tien nuoc"))
    rule(desk, replace(ASKED, words="hoa don"))
    desk.hand_in(with_sides(PAPER_OF))
    assert named(desk) == ["FT1"]


def test_a_preview_says_who_stands_on_the_other_side(desk: UploadDesk) -> None:
    desk.hand_in(with_sides(PAPER_OF))
    with desk.databases.read() as tx:
        found = preview(tx, checked(tx, ASKED), NOW)
        (line,) = found.lines
        party = found.parties[line.id]
    assert (line.line_ref, party.name, party.account) == ("FT1", POWER, NUMBER)


def test_the_same_day_in_a_format_that_names_nobody_takes_nothing_away(desk: UploadDesk) -> None:
    desk.hand_in(with_sides(PAPER_OF))
    desk.hand_in(camt_of(PAPER_OF), "sao-ke.xml")
    assert desk.count(LineParty) == 2
    assert desk.count(StatementLine) == 3


def test_a_format_that_names_somebody_later_adds_it(desk: UploadDesk) -> None:
    desk.hand_in(camt_of(PAPER_OF), "sao-ke.xml")
    assert desk.count(LineParty) == 0
    desk.hand_in(with_sides(PAPER_OF))
    assert desk.count(LineParty) == 2
    rule(desk)
    desk.hand_in(with_sides(Paper((Line(1_000, "FT9", day=DAY),), opening=0), (("", ""),)), "b.csv",
                 despite_gap=True)  # fmt: skip
    assert named(desk) == ["FT1"]


def test_nobody_keeps_who_paid_under_a_code_of_ours(desk: UploadDesk) -> None:
    payment = desk.order(35_000)
    paid = Line(35_000, "FT1", f"THANH TOAN {payment.code}")
    desk.hand_in(with_sides(Paper((paid,)), (("NGUYEN VAN A", "9990001"),)))
    assert desk.payment(payment).state == "paid"
    assert desk.count(LineParty) == 0


def test_a_rule_asks_for_something(desk: UploadDesk) -> None:
    with desk.databases.read() as tx:
        for empty in ({"party": ""}, {"party": "xy"}, {"words": "ab"}):
            with pytest.raises(WrongUsage, match="says too little"):
                checked(tx, replace(ASKED, **empty))  # type: ignore[arg-type]


@given(st.text(), st.text("0123456789", min_size=3))
def test_an_account_number_is_asked_for_whole(name: str, number: str) -> None:
    parted = " ".join(number)
    assert is_party(name, parted, phrases_of(number))
    assert not is_party("", f"1{number}", phrases_of(number))


def test_whole_words_of_a_name_are_asked_for() -> None:
    assert is_party("Cty CP Điện-lực", "", phrases_of("điện lực"))
    assert not is_party("Điện lựcs", "", phrases_of("điện lực"))
    assert is_party("", "", ())
