"""What the classes and states of reconciliation are called in front of people."""

from __future__ import annotations

from parking.languages import mark
from parking.reports.reason_words import REASON_NAMES

#: Class of a difference (`reconciliation.breaks.CLASSES`) → its name.
BREAK_NAMES = {
    "missing_external": mark("Not in the provider's file"),
    "missing_internal": mark("Only in the provider's file"),
    "amount_mismatch": mark("Different amounts"),
    "currency_mismatch": mark("Different currencies"),
    "duplicate_external": mark("Twice in the provider's file"),
    "duplicate_internal": mark("Recorded twice by us"),
    "late": mark("Came in a later file"),
    "fee_mismatch": mark("Different fee"),
    "status_mismatch": mark("Paid there, refused here"),
    "refund_unknown": mark("Refund we do not know"),
    "chargeback": mark("Payment taken back"),
    "ambiguous": mark("More than one candidate"),
    "control_total": mark("The file's totals do not add up"),
    "unparsable_line": mark("A line cannot be read"),
    "cash_over": mark("More cash counted than taken"),
    "cash_short": mark("Less cash counted than taken"),
}

#: A till's day that waits for a count.
SHIFT_OPEN = "shift_open"

#: How far an account's business day is.
DAY_STATES = {
    "awaiting": mark("Awaiting the provider's file"),
    "partial": mark("More files to come"),
    "complete": mark("Complete"),
    SHIFT_OPEN: mark("Shift open"),
}

#: Why a difference is settled: what the system found out by itself, or a person's reason.
RESOLUTIONS = {
    "matched": mark("Explained: both sides agree now"),
    "late": mark("Explained: it came in a later file"),
    "not_parking": mark("Explained: a rule says it is not parking"),
    **REASON_NAMES,
}

#: The three comparisons.
LEGS = {
    "settlement": mark("Our records and the provider's file"),
    "payout": mark("The provider's file and its payout"),
    "bank": mark("The provider's payout and the bank"),
}
