"""Putting faults into a day whose file is not made yet, and telling afterwards where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments.errors import Conflict, NotFound
from payments.sandbox.body import read_amount, read_choice, read_day, read_name, read_text
from payments.sandbox.booking import fee_of
from payments.sandbox.config import SandboxConfig
from payments.sandbox.faults import FREE_STANDING, OF_PAYOUT, duplicate_ref, line_ref
from payments.sandbox.files import DAY, credit_ref, is_made, payout_ref, payout_so_far
from payments.sandbox.models import Fault, FaultRow, Kind, Motion
from payments.sandbox.refs import short_ref

WRONG_BY, FEE_WRONG_BY, UNKNOWN_AMOUNT, INTEREST = 1_000, 100, 20_000, 12_345
SHORT_BY = 5_000


def plant(
    tx: Session, config: SandboxConfig, merchant: str, fields: Mapping[str, object]
) -> dict[str, Any]:
    """Write down a fault of `fields["day"]` and say where it will stand (see `tell`).

    Raises `Conflict` when that day's file exists already, when the receipt or the payout has a fault
    already, and when the payout is not that large; `NotFound` when the order received nothing that day.
    """
    kind, day = read_choice(fields, "kind", Fault), read_day(read_text(fields, "day", 10))
    if is_made(tx, merchant, day):
        raise Conflict("The file of %(day)s is made already.", day=day)
    amount = read_amount(fields, "amount") if "amount" in fields else None
    if kind in FREE_STANDING:
        fault = _free_standing(tx, config, merchant, day, kind, amount)
    elif kind in OF_PAYOUT:
        fault = _of_payout(tx, merchant, day, kind, amount or SHORT_BY)
    else:
        receipt = _receipt(tx, merchant, day, read_name(fields, "order"))
        fault = _on_receipt(receipt, kind, amount)
    tx.add(fault)
    tx.flush()
    return tell(tx, fault)


def _free_standing(
    tx: Session,
    config: SandboxConfig,
    merchant: str,
    day: date,
    kind: Fault,
    amount: int | None,
) -> FaultRow:
    planted = select(func.count()).where(FaultRow.merchant == merchant, FaultRow.day == day)
    ref = short_ref(merchant, day, "fault", tx.scalar(planted))
    unknown = kind is Fault.UNKNOWN_LINE
    gross = amount or (UNKNOWN_AMOUNT if unknown else INTEREST)
    return FaultRow(
        merchant=merchant,
        day=day,
        kind=kind,
        motion_id=None,
        order_code=f"X{ref[:9]}" if unknown else None,
        ref=ref,
        amount=gross,
        fee=fee_of(gross, config.fee_basis_points) if unknown else 0,
    )


def _of_payout(tx: Session, merchant: str, day: date, kind: Fault, amount: int) -> FaultRow:
    query = select(FaultRow).where(
        FaultRow.merchant == merchant, FaultRow.day == day, FaultRow.kind.in_(OF_PAYOUT)
    )
    known = tx.scalars(query).all()
    if any(fault.kind == kind for fault in known):
        raise Conflict("The payout of %(day)s has that fault already.", day=day)
    left = payout_so_far(tx, merchant, day) - sum(fault.amount for fault in known)
    if amount >= left:
        raise Conflict(
            "The payout of %(day)s would be %(left)s: %(amount)s of it cannot be missing.",
            day=day, left=left, amount=amount,
        )  # fmt: skip
    return FaultRow(
        merchant=merchant,
        day=day,
        kind=kind,
        motion_id=None,
        order_code=None,
        ref=short_ref(merchant, day, kind),
        amount=amount,
        fee=0,
    )


def _receipt(tx: Session, merchant: str, day: date, code: str) -> Motion:
    query = select(Motion).where(
        Motion.merchant == merchant,
        Motion.order_code == code,
        Motion.kind == Kind.PAYMENT,
        Motion.day == day,
    )
    found = tx.scalar(query.order_by(Motion.event_at, Motion.id).limit(1))
    if found is None:
        raise NotFound("Order %(code)s received nothing on %(day)s.", code=code, day=day)
    if tx.scalar(select(FaultRow.id).where(FaultRow.motion_id == found.id)) is not None:
        raise Conflict("The receipt of order %(code)s has a fault already.", code=code)
    return found


def _on_receipt(receipt: Motion, kind: Fault, amount: int | None) -> FaultRow:
    gross = receipt.amount
    if kind is Fault.WRONG_AMOUNT:
        gross = amount or gross + WRONG_BY
    fee = (amount or receipt.fee + FEE_WRONG_BY) if kind is Fault.FEE_ERROR else receipt.fee
    if (kind is Fault.WRONG_AMOUNT and gross == receipt.amount) or (
        kind is Fault.FEE_ERROR and fee == receipt.fee
    ):
        raise Conflict("%(amount)s is the right amount, not a fault.", amount=amount)
    return FaultRow(
        merchant=receipt.merchant,
        day=receipt.day,
        kind=kind,
        motion_id=receipt.id,
        order_code=receipt.order_code,
        ref=receipt.ref,
        amount=gross,
        fee=fee,
    )


def planted(tx: Session, merchant: str, day: date) -> list[dict[str, Any]]:
    """Every fault of `day` (see `tell`), in the order they were planted."""
    query = select(FaultRow).where(FaultRow.merchant == merchant, FaultRow.day == day)
    return [tell(tx, fault) for fault in tx.scalars(query.order_by(FaultRow.id))]


def tell(tx: Session, fault: FaultRow) -> dict[str, Any]:
    """Where `fault` stands: `line_ref` in its day's file (null where it is not seen there),
    `next_line_ref` in a file of the next day (late lines, and credits of the bank), and the `difference`
    between that file and the truth in dong, theirs minus ours."""
    line, next_line = _stands(fault)
    return {
        "kind": fault.kind,
        "day": fault.day.isoformat(),
        "order": fault.order_code,
        "line_ref": line,
        "next_day": (fault.day + DAY).isoformat() if next_line else None,
        "next_line_ref": next_line,
        "difference": _difference(tx, fault),
    }


def _stands(fault: FaultRow) -> tuple[str | None, str | None]:
    """The line references of `fault` in the day's settlement file and in a file of the next day."""
    match fault.kind:
        case Fault.MISSING_LINE:
            return None, None
        case Fault.LATE_LINE:
            return None, line_ref(fault.ref)
        case Fault.DUPLICATE:
            return duplicate_ref(fault.ref), None
        case Fault.SHORT_PAYOUT:
            return payout_ref(fault.merchant, fault.day), None
        case Fault.SHORT_CREDIT:
            return None, credit_ref(fault.merchant, fault.day + DAY)
        case _:
            return line_ref(fault.ref), None


def _difference(tx: Session, fault: FaultRow) -> int:
    if fault.kind in OF_PAYOUT:
        return -fault.amount
    if fault.motion_id is None or fault.kind == Fault.DUPLICATE:
        return fault.amount
    receipt = tx.get_one(Motion, fault.motion_id)
    match fault.kind:
        case Fault.WRONG_AMOUNT:
            return fault.amount - receipt.amount
        case Fault.FEE_ERROR:
            return fault.fee - receipt.fee
        case _:
            return -receipt.amount
