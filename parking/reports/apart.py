"""Money that is attached to no payment of ours, beside the payments: recorded, announced by nobody.

A provider's payout that arrives on an operator's own bank account, rent, a transfer without a code: each
is a receipt, so it is in the books and in every reconciliation. It is no payment for parking until
somebody attaches it to one, so the city's count and sum leave it out and show it apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from parking.languages import mark
from parking.reports.columns import COUNT, GROSS
from reconciliation.reports.table import Column, Kind, Row, Sentence, Table

#: How many receipts, and what they make.
Sum = tuple[int, int]

CASHLESS, CASH, PAYMENTS, UNATTACHED = "cashless", "cash", "payments", "unattached"

WHAT = Column(
    "what",
    mark("What was recorded"),
    Kind.WORD,
    words={
        CASHLESS: mark("Cashless payments"),
        CASH: mark("Cash payments"),
        PAYMENTS: mark("All payments"),
        UNATTACHED: mark("Money not yet attached to a payment"),
    },
)
#: `unattached` are receipts, not payments.
RECEIPTS = Column(COUNT.key, mark("Times money came in"), Kind.COUNT, adds_up=True)

MEANING = Sentence(
    mark(
        "Money not yet attached to a payment: receipts that name no payment of ours, among them what"
        " was set aside as not parking. They are recorded, and no payments for parking, so no count"
        " and no amount of payments has them in it; payments and they together make everything"
        " recorded. Once one is attached it counts on the day it was received."
    )
)


def recorded(parts: Mapping[str, Sum], everything: Sum, whole: str = "") -> Table:
    """(count, gross) of each part of what was recorded, and `everything`, found in another way, which
    they must make; `whole` as in `Table`."""
    rows: list[Row] = [(what, count, gross) for what, (count, gross) in parts.items()]
    told, title = (WHAT, RECEIPTS, GROSS), mark("Everything recorded")
    return Table("recorded", title, told, rows, (None, *everything), ("what",), whole)
