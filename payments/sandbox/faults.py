"""Statements that are wrong on purpose, so that whoever reconciles them can be tested.

| fault        | the day's file                                         | the next day's file       |
|--------------|--------------------------------------------------------|---------------------------|
| missing_line | the receipt's line is not there, nor ever will be      |                           |
| late_line    | the receipt's line is not there                        | there, with its true time |
| wrong_amount | the line's gross is another (default: 1,000 dong more) |                           |
| fee_error    | the line's fee is another (default: 100 dong more)     |                           |
| duplicate    | a second line for the same transaction                 |                           |
| unknown_line | a payment for an order nobody made (default: 20,000)   |                           |
| not_parking  | a line of kind `other`, interest (default: 12,345)     |                           |
| short_payout | the payout is less than its lines make (default: by    |                           |
|              | 5,000); the bank credits what it says                  |                           |
| short_credit |                                                        | the bank's file credits   |
|              |                                                        | less than the payout says |
|              |                                                        | (default: 5,000 less)     |

The payout pays what the file says, and the bank agrees with it, whatever other faults it has. What is
missing of a payout is never paid later. A payout that came to no more than what should be missing, because
money was given back after the fault was planted, is not short.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time

from payments.db import CITY_ZONE
from payments.sandbox.lines import Line
from payments.sandbox.models import Fault, FaultRow, Kind, Motion

#: Faults that are lines of their own instead of something done to a receipt's line.
FREE_STANDING = (Fault.UNKNOWN_LINE, Fault.NOT_PARKING)
#: Faults of a day's payout; each of them at most once.
OF_PAYOUT = (Fault.SHORT_PAYOUT, Fault.SHORT_CREDIT)


def line_ref(ref: str) -> str:
    """The name a file gives the line of the motion (or the fault) `ref`."""
    return f"SBX-L{ref}"


def line_of(motion: Motion) -> Line:
    """The true line of `motion`."""
    sign = 1 if motion.kind == Kind.PAYMENT else -1
    return Line(
        line_ref=line_ref(motion.ref),
        kind=motion.kind,
        order=motion.order_code,
        rail_ref=motion.rail_ref,
        event_at=motion.event_at,
        gross=sign * motion.amount,
        fee=motion.fee,
        text=motion.refund_key or "",
    )


def shown(motion: Motion, fault: FaultRow | None) -> Sequence[Line]:
    """The lines the file shows for `motion`: one, unless a fault says otherwise."""
    line = line_of(motion)
    match fault:
        case None:
            return (line,)
        case FaultRow(kind=Fault.MISSING_LINE):
            return ()
        case FaultRow(kind=Fault.DUPLICATE):
            return (line, replace(line, line_ref=duplicate_ref(motion.ref)))
        case _:
            return (replace(line, gross=fault.amount, fee=fault.fee),)


def duplicate_ref(ref: str) -> str:
    return f"{line_ref(ref)}-2"


def extra_lines(fault: FaultRow) -> Sequence[Line]:
    """The line a free-standing fault adds; nothing for the others."""
    if fault.kind not in FREE_STANDING:
        return ()
    unknown = fault.kind == Fault.UNKNOWN_LINE
    line = Line(
        line_ref=line_ref(fault.ref),
        kind="payment" if unknown else "other",
        order=fault.order_code or "",
        rail_ref=f"SBX-{'T' if unknown else 'I'}{fault.ref}",
        event_at=datetime.combine(fault.day, time(12, 0), CITY_ZONE),
        gross=fault.amount,
        fee=fault.fee,
        text="" if unknown else "Lãi tiền gửi (interest)",
    )
    return (line,)
