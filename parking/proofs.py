"""What must hold of receipts and parking sessions; `parking verify` runs these after the money's.

Like the proofs in `reconciliation/proofs/`: each reads only, and names the row that is off. The name
of the function is the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Select, inspect, or_, select, union_all
from sqlalchemy import func as sql
from sqlalchemy.orm import Session, aliased

from parking.passes.models import Pass, PassLot
from parking.receipts.methods import basis_points_at
from parking.receipts.models import Receipt
from parking.receipts.vat import net_of
from parking.reports.elsewhere import APPEND_ONLY as REPORTED_TABLES
from parking.sessions.models import ParkingSession
from parking.sessions.quotes import GROUP
from parking.shifts.proofs import (
    cash_is_taken_in_shifts,
    counts_follow_from_their_cash,
    tills_hold_what_was_counted,
)
from parking.tax.proofs import (
    filed_periods_tell_everything_once,
    filed_tables_equal_their_rows,
    tax_triggers_are_in_place,
)
from parking.watch.proofs import stay_totals_equal_their_rows
from payments.models import Payment
from payments.sharing import Allocation
from reconciliation.invariants import Violation
from reconciliation.proofs.evidence import append_only, unguarded

PASS_INDEX = "ux_parking_session_pass"
OPEN_INDEX = "ux_parking_session_open"

#: How many rows of a large table are held in memory at once.
PAGE = 5000


def receipts_equal_their_payments(tx: Session) -> Iterator[Violation]:
    """A receipt states exactly what its payment charged."""
    wrong = (
        select(Receipt.id, Receipt.gross, Payment.amount, Payment.code)
        .join(Payment, Payment.id == Receipt.payment_id)
        .where(or_(Receipt.gross != Payment.amount, Receipt.currency != Payment.currency))
    )
    for row in tx.execute(wrong):
        yield Violation(
            "receipts_equal_their_payments",
            f"receipt {row.id}",
            f"{row.gross} instead of {row.amount} of payment {row.code}",
        )


def receipts_split_their_vat(tx: Session) -> Iterator[Violation]:
    """Net and VAT follow the receipt's tax method and the rate in force at the tax point."""
    for receipt in tx.scalars(select(Receipt).execution_options(yield_per=PAGE)):
        rate = basis_points_at(receipt.tax_method, receipt.tax_point)
        net = net_of(receipt.gross, rate)
        if (receipt.net, receipt.vat_basis_points) != (net, rate):
            yield Violation(
                "receipts_split_their_vat",
                f"receipt {receipt.id}",
                f"net {receipt.net} and VAT {receipt.vat} instead of {net} and {receipt.gross - net}",
            )


def receipt_numbers_have_no_gaps(tx: Session) -> Iterator[Violation]:
    """Numbers run from 1 per operator and year (Decree 254/2026: continuous within the year)."""
    count, last = sql.count(Receipt.id), sql.max(Receipt.number)
    series = (
        select(Receipt.operator_id, Receipt.year, count, last)
        .group_by(Receipt.operator_id, Receipt.year)
        .having(or_(count != last, sql.min(Receipt.number) != 1))
    )
    for operator_id, year, found, highest in tx.execute(series):
        yield Violation(
            "receipt_numbers_have_no_gaps",
            f"receipts of operator {operator_id} in {year}",
            f"{found} receipts, the highest number is {highest}",
        )


def one_open_session_per_plate(tx: Session) -> Iterator[Violation]:
    """At most one open session per lot and plate, and the index that sees to it is in place."""
    indexes = inspect(tx.connection()).get_indexes("parking_session")
    if not any(index["name"] == OPEN_INDEX and index["unique"] for index in indexes):
        yield Violation("one_open_session_per_plate", f"index {OPEN_INDEX}", "it is missing")
    twice = (
        select(ParkingSession.lot_id, ParkingSession.plate_key, sql.count(ParkingSession.id))
        .where(ParkingSession.exit_at.is_(None))
        .group_by(ParkingSession.lot_id, ParkingSession.plate_key)
        .having(sql.count(ParkingSession.id) > 1)
    )
    for lot_id, plate, found in tx.execute(twice):
        yield Violation(
            "one_open_session_per_plate", f"lot {lot_id}, plate {plate}", f"{found} are open"
        )


def payments_are_for_what_exists(tx: Session) -> Iterator[Violation]:
    """A payment that says it is for a parking session or a pass names one there is, and one for
    several sessions has the parts that name them."""
    alone = select(Payment.code, Payment.reference).where(
        or_(Payment.reference.startswith("session:"), Payment.reference.startswith("pass:"))
    )
    parts = (
        select(Payment.code, sql.coalesce(Allocation.reference, Payment.reference))
        .outerjoin(Allocation, Allocation.payment_id == Payment.id)
        .where(Payment.reference.startswith(GROUP))
    )
    named = union_all(alone, parts).subquery()
    orphans = (
        select(named)
        .outerjoin(ParkingSession, ParkingSession.reference == named.c.reference)
        .outerjoin(Pass, Pass.reference == named.c.reference)
        .where(ParkingSession.id.is_(None), Pass.id.is_(None))
    )
    for code, reference in tx.execute(orphans):
        yield Violation(
            "payments_are_for_what_exists", f"payment {code}", f"there is no {reference}"
        )


def no_vehicle_holds_two_passes_at_once(tx: Session) -> Iterator[Violation]:
    """Of two passes for one bearer and class that share a lot and a day, at most one stands; and
    the index that lets one vehicle at a time onto a pass is in place."""
    indexes = inspect(tx.connection()).get_indexes("parking_session")
    if not any(index["name"] == PASS_INDEX and index["unique"] for index in indexes):
        yield Violation(
            "no_vehicle_holds_two_passes_at_once", f"index {PASS_INDEX}", "it is missing"
        )
    for first, second in tx.execute(_second_passes()):
        yield Violation(
            "no_vehicle_holds_two_passes_at_once",
            f"pass {second}",
            f"it is for the same vehicle, lot and time as pass {first}",
        )


def _second_passes() -> Select[int, int]:
    """Numbers of passes, the earlier one first, that one vehicle holds at one lot on one day."""
    one, other = aliased(Pass), aliased(Pass)
    here, there = aliased(PassLot), aliased(PassLot)
    return (
        select(one.number, other.number)
        .join(here, here.pass_id == one.id)
        .join(there, there.lot_id == here.lot_id)
        .join(other, other.id == there.pass_id)
        .where(
            one.number < other.number,
            one.vehicle_class == other.vehicle_class,
            or_(one.plate_key == other.plate_key, one.card_id == other.card_id),
            one.since <= other.until,
            other.since <= one.until,
            one.cancelled_at.is_(None),
            other.cancelled_at.is_(None),
        )
        .distinct()
        .order_by(one.number, other.number)
    )


def reported_triggers_are_in_place(tx: Session) -> Iterator[Violation]:
    """What others say they collected refuses UPDATE and DELETE."""
    guards = append_only(REPORTED_TABLES, tx.get_bind().dialect.name)
    yield from unguarded(tx, "reported_triggers_are_in_place", guards)


PROOFS: tuple[Callable[[Session], Iterator[Violation]], ...] = (
    receipts_equal_their_payments,
    receipts_split_their_vat,
    receipt_numbers_have_no_gaps,
    one_open_session_per_plate,
    payments_are_for_what_exists,
    no_vehicle_holds_two_passes_at_once,
    counts_follow_from_their_cash,
    tills_hold_what_was_counted,
    cash_is_taken_in_shifts,
    tax_triggers_are_in_place,
    reported_triggers_are_in_place,
    filed_tables_equal_their_rows,
    filed_periods_tell_everything_once,
    stay_totals_equal_their_rows,
)
