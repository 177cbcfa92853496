"""Who stands on the other side of a bank's lines, as far as the bank says it in columns of its own.

Kept beside the lines, so that a rule can ask for it and retention may delete it. Of a row with a code of
ours nobody needs to know who paid.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from payments.bulk import in_chunks
from reconciliation.models import Statement, StatementLine
from reconciliation.uploads.meaning import Row
from reconciliation.uploads.models import LineParty


def keep_parties(tx: Session, statement: Statement, rows: Sequence[Row]) -> None:
    """Write down the other side of the lines of `statement`, of which `rows` are the day's, in their
    order. Lines that an earlier file told of keep what it said."""
    known = select(LineParty.line_id).where(LineParty.line_id == StatementLine.id)
    own = select(StatementLine.id, StatementLine.position).where(
        StatementLine.statement_id == statement.id, ~known.exists()
    )
    found = [
        {"line_id": line_id, "name": party.name, "account": party.account}
        for line_id, position in tx.execute(own)
        for row in [rows[position - 1]]
        for party in [row.entry.counterparty]
        if not row.candidates and (party.name or party.account)
    ]
    if found:
        tx.execute(insert(LineParty), found)


def parties_of(tx: Session, line_ids: Iterable[UUID]) -> Mapping[UUID, LineParty]:
    """Line → who stands on its other side, where that is known."""
    found: dict[UUID, LineParty] = {}
    for some in in_chunks(line_ids):
        parties = select(LineParty).where(LineParty.line_id.in_(some))
        found |= {party.line_id: party for party in tx.scalars(parties)}
    return found
