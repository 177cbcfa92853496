"""What the classes and states of reconciliation are called in front of people."""

from __future__ import annotations

from parking.languages import mark
from parking.reports.reason_words import REASON_NAMES
from reconciliation.models import SETTLEMENT

#: Class of a difference (`reconciliation.breaks.CLASSES`) → its name, whatever is compared.
CLASS_NAMES = {
    "missing_external": mark("Missing on their side"),
    "missing_internal": mark("Only on their side"),
    "amount_mismatch": mark("Different amounts"),
    "currency_mismatch": mark("Different currencies"),
    "duplicate_external": mark("Twice on their side"),
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

#: ``leg:class`` → its name, where one comparison calls it otherwise: their side is another one each.
ON_LEGS = {
    "settlement:missing_external": mark("Not in the provider's file"),
    "settlement:missing_internal": mark("Only in the provider's file"),
    "settlement:duplicate_external": mark("Twice in the provider's file"),
    "payout:missing_external": mark("Not paid out yet"),
    "payout:amount_mismatch": mark("Paid out more or less than its lines"),
    "payout:duplicate_external": mark("Paid out twice"),
    "bank:missing_external": mark("Not in the bank"),
    "bank:missing_internal": mark("Only in the bank"),
    "bank:amount_mismatch": mark("Another amount in the bank"),
    "bank:currency_mismatch": mark("Another currency in the bank"),
    "bank:duplicate_external": mark("Twice in the bank"),
}


def break_code(kind: str, leg: str) -> str:
    """What a difference is in reports: its class, and on another leg than the first ``leg:class``."""
    return kind if leg == SETTLEMENT else f"{leg}:{kind}"


def break_name(kind: str, leg: str = "") -> str:
    """What a class of differences is called on one leg; without leg whatever is compared."""
    return ON_LEGS.get(f"{leg}:{kind}", CLASS_NAMES[kind])


#: `break_code` → its name.
CODE_NAMES = {
    break_code(kind, leg): break_name(kind, leg)
    for leg in ("settlement", "payout", "bank")
    for kind in CLASS_NAMES
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
