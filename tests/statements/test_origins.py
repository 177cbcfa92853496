"""From a stored line back to the line of the file that was handed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.db import Databases
from reconciliation.models import StatementLine
from reconciliation.uploads.models import Upload
from reconciliation.uploads.origins import origins
from reconciliation.uploads.recorders import body_of
from tests.statements.counter import NOW as LATER
from tests.statements.counter import file_of, make_counter
from tests.statements.desk import UploadDesk, day_of
from tests.statements.kit import DAY, Line
from tests.statements.settling import MERCHANT

ONE = timedelta(days=1)


def written(tx: Session, upload: Upload, row: int | None) -> str:
    """That line of the original, as people count: from 1."""
    assert row is not None
    return body_of(tx, tx.get_one(Upload, upload.id)).decode("utf-8-sig").splitlines()[row - 1]


def told(databases: Databases) -> dict[str, tuple[str, str]]:
    """Line reference → the file, and what stands there in the original."""
    with databases.read() as tx:
        rows = tx.scalars(select(StatementLine)).all()
        found = origins(tx, rows)
        return {
            row.line_ref: (
                found[row.id].upload.name,
                written(tx, found[row.id].upload, found[row.id].row),
            )
            for row in rows
        }


@pytest.mark.parametrize("rounds", [1, 2])
def test_a_row_of_a_banks_statement_is_found_in_the_file(desk: UploadDesk, rounds: int) -> None:
    lines = (
        Line(35_000, "FT1", "MOT"),
        Line(-4_000, "FT2", "HAI"),
        Line(20_000, "FT3", "BA", day=DAY + ONE),
        Line(35_000, "FT4", "BON", day=DAY + ONE),
    )
    for _ in range(rounds):
        desk.hand_in(day_of(*lines), now=LATER + 2 * ONE)
    found = told(desk.databases)
    assert set(found) == {line.reference for line in lines}
    for line in lines:
        name, words = found[line.reference]
        assert name == "sao-ke.csv"
        assert line.reference in words
        assert line.narrative in words


def test_a_day_that_a_longer_file_tells_again_keeps_its_first_file(desk: UploadDesk) -> None:
    first = Line(35_000, "FT1", "MOT")
    desk.hand_in(day_of(first), "ngay.csv")
    desk.hand_in(day_of(first, Line(9_000, "FT2", "HAI")), "ngay-moi.csv")
    found = told(desk.databases)
    assert (found["FT1"][0], found["FT2"][0]) == ("ngay.csv", "ngay-moi.csv")
    assert "MOT" in found["FT1"][1]
    assert "HAI" in found["FT2"][1]


def test_a_row_of_a_providers_file_is_found_in_the_file(databases: Databases) -> None:
    counter = make_counter(databases)
    sold = [counter.paid(), counter.paid(5_000, fee=55, day=DAY + ONE), counter.paid(7_000)]
    above = (("Mã merchant", MERCHANT), ("Từ ngày", "19/11/2026"), ("Đến ngày", "20/11/2026"))
    counter.hand_in(file_of(*sold, above=above), now=LATER + 2 * ONE)
    with databases.read() as tx:
        rows = tx.scalars(select(StatementLine).where(StatementLine.kind == "payment")).all()
        found = origins(tx, rows)
        for row in rows:
            assert str(row.rail_ref) in written(tx, found[row.id].upload, found[row.id].row)
        assert {row.rail_ref for row in rows} == {one.number for one in sold}
