"""A mapping tried on a file before it holds: what it makes of the first rows, or why it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from payments.errors import Complaint
from payments.models import MerchantAccount
from payments.provider import StatementLine
from reconciliation.statements import BankStatement, SettlementFile, rows_of
from reconciliation.statements.cells import Row, text_of
from reconciliation.statements.layout import layout_of
from reconciliation.statements.vocabulary import BANK
from reconciliation.uploads.models import StatementMapping
from reconciliation.uploads.reading import read_for, settlement_for

#: Rows of the file as it is, and rows as they are read.
PLAIN, READ = 12, 10


@dataclass(slots=True)
class Trial:
    """A sample file under a mapping. `rows` are its first rows as text, with their numbers; `problem`
    says why it is refused; else `bank` or `settlement` and its first lines tell what is in it."""

    name: str
    rows: Sequence[tuple[int, Sequence[str]]] = ()
    problem: Complaint | None = None
    bank: BankStatement | None = None
    settlement: SettlementFile | None = None
    lines: Sequence[tuple[int, StatementLine]] = ()


def try_out(
    account: MerchantAccount, mapping: Mapping[str, object], name: str, raw: bytes, now: datetime
) -> Trial:
    """Read `raw` as `mapping` says; nothing is kept."""
    trial = Trial(name)
    try:
        layout = layout_of(mapping)
        trial.rows = [_plain(row) for row in islice(rows_of(raw, layout), PLAIN)]
        means = StatementMapping(mapping=dict(mapping), means=layout.means)
        if layout.means == BANK:
            trial.bank = read_for(account, name, raw, means, now)
        else:
            _settle(trial, settlement_for(account, name, raw, means, now))
    except Complaint as problem:
        trial.problem = problem
    return trial


def _settle(trial: Trial, file: SettlementFile) -> None:
    lines = file.lines()
    first = list(islice(lines, READ))
    # what is wrong further down refuses the whole file
    for _ in lines:
        pass
    trial.settlement, trial.lines = file, first


def _plain(row: Row) -> tuple[int, Sequence[str]]:
    return row.line, [text_of(cell) for cell in row.cells]
