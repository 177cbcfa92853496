"""Which payout carries a file's lines, as far as the file itself says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from payments.provider import StatementFile
from reconciliation.models import SETTLEMENT, Statement, StatementLine
from reconciliation.storing import accept
from tests.reconciliation.kit import DAY, ONE, World, file_of, line, night, payout_line

A, B = line("A"), line("B")
ONLY = payout_line(DAY, A, B)
OTHER = payout_line(DAY - ONE, A)


@pytest.mark.parametrize(
    ("file", "batch"),
    [
        (file_of(DAY, A, B, ONLY), "B-1120"),
        (file_of(DAY, ONLY, A, B), "B-1120"),
        (file_of(DAY, A, B), None),
        (file_of(DAY, A, B, ONLY, OTHER), "B-1119"),
        (file_of(DAY, A._replace(batch="B-1119"), B, ONLY, OTHER), "B-1120"),
        (replace(file_of(DAY, A, B, ONLY), by_payout=False), None),
    ],
    ids=["last", "first", "none", "two-together", "one-named", "of-other-files"],
)
def test_a_files_only_payout_carries_its_lines(
    world: World, file: StatementFile, batch: str | None
) -> None:
    with world.databases.write.begin() as tx:
        accept(tx, world.account.id, SETTLEMENT, DAY, file, night(DAY))
        assert tx.scalars(select(Statement.batch)).all() == [batch]


def test_a_payout_named_with_the_line_is_kept_with_it(world: World) -> None:
    file = file_of(DAY, A._replace(batch="B-7"), B)
    with world.databases.write.begin() as tx:
        accept(tx, world.account.id, SETTLEMENT, DAY, file, night(DAY))
        lines = select(StatementLine.line_ref, StatementLine.batch).order_by(StatementLine.line_ref)
        assert tx.execute(lines).all() == [("L-A", "B-7"), ("L-B", None)]
