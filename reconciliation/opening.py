"""Settlement leg: whatever found no match becomes a break with both sides, as far as there are two.

SQL finds what is left over; `breaks` says what it is. Running again finds nothing new.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import insert
from sqlalchemy.orm import Session

from payments.db import new_id
from payments.settlement import ask_soon
from reconciliation import leftovers
from reconciliation.breaks import (
    BreakClass,
    Finding,
    LooseLine,
    LooseMovement,
    Pair,
    classify_line,
    classify_movement,
    classify_pair,
)
from reconciliation.explaining import supersede
from reconciliation.models import SETTLEMENT, Break
from reconciliation.resolving.carrying import keep_owners
from reconciliation.sides import (
    Rows,
    Scope,
    Sides,
)

#: Differences that the provider itself can explain when it is asked about the payment.
WORTH_ASKING = (
    BreakClass.MISSING_INTERNAL,
    BreakClass.STATUS_MISMATCH,
    BreakClass.REFUND_UNKNOWN,
    BreakClass.CHARGEBACK,
)


def open_breaks(tx: Session, scope: Scope) -> int:
    """Open the breaks of the settlement leg that are not open yet; how many."""
    opened = _open_pairs(tx, scope, leftovers.pairs_by_rail_reference(scope))
    opened += _open_pairs(tx, scope, leftovers.pairs_by_order_code(scope))
    opened += _open_lines(tx, scope)
    if scope.complete:
        opened += _open_movements(tx, scope)
    return opened


def write(
    tx: Session, scope: Scope, leg: str, found: Sequence[tuple[Sides, Finding]], *, timing: bool
) -> int:
    """Open breaks in place of those that named the same sides before; how many. An absence is a
    matter of `timing` while its line may still come."""
    supersede(tx, scope, leg, [sides for sides, _ in found])
    if found:
        tx.execute(insert(Break), [_row(scope, leg, *entry, timing) for entry in found])
        keep_owners(tx, scope, leg, [sides for sides, _ in found])
    return len(found)


def _row(scope: Scope, leg: str, sides: Sides, finding: Finding, timing: bool) -> dict[str, object]:
    return {
        "id": new_id(),
        "leg": leg,
        "account_id": scope.account_id,
        "day": sides.day,
        "kind": finding.kind.value,
        "movement_id": sides.movement_id,
        "line_id": sides.line_id,
        "payout_id": sides.payout_id,
        "difference": finding.difference,
        "currency": sides.currency,
        "timing": timing and finding.kind is BreakClass.MISSING_EXTERNAL,
        "state": "open",
        "opened_at": scope.now,
    }


def _open_pairs(tx: Session, scope: Scope, query: Rows) -> int:
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(query):
        finding = classify_pair(
            Pair(
                row.gross, row.their_currency, row.fee, row.ours, row.our_currency,
                row.expected_fee,
            )
        )  # fmt: skip
        if finding is not None:
            sides = Sides(row.book_day, row.our_currency, row.line_id, row.movement_id)
            found.append((sides, finding))
    return write(tx, scope, SETTLEMENT, found, timing=False)


def _open_lines(tx: Session, scope: Scope) -> int:
    """Lines without a counterpart; one whose name changed since the last look is renamed."""
    found: list[tuple[Sides, Finding]] = []
    unheard: list[uuid.UUID] = []
    for row in tx.execute(leftovers.lines(scope)):
        line = LooseLine(row.kind, row.gross, row.taken, row.rivals, row.known, row.payment_state)
        finding = classify_line(line)
        if finding.kind == row.known_as:
            continue
        found.append((Sides(row.book_day, row.currency, row.id), finding))
        if row.payment_id is not None and finding.kind in WORTH_ASKING:
            unheard.append(row.payment_id)
    ask_soon(tx, unheard, scope.now)
    return write(tx, scope, SETTLEMENT, found, timing=False)


def _open_movements(tx: Session, scope: Scope) -> int:
    """Movements of a complete day without a line."""
    timing = scope.now < scope.late_at
    found: list[tuple[Sides, Finding]] = []
    for row in tx.execute(leftovers.movements(scope)):
        finding = classify_movement(LooseMovement(row.ours, row.taken, row.rivals))
        if finding.kind != row.known_as:
            sides = Sides(row.book_day, row.currency, movement_id=row.id)
            found.append((sides, finding))
    return write(tx, scope, SETTLEMENT, found, timing=timing)
