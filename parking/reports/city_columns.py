"""What the city's volume report shows, in which words, and how they are meant."""

from __future__ import annotations

from collections.abc import Sequence

from parking.languages import mark
from parking.passes.standing import HOURS
from parking.reports.columns import count, money, totals
from parking.reports.daily import share
from parking.sessions.states import FIGURE_CLASSES
from reconciliation.reports.table import Column, Kind, Row, Sentence, Sum
from reconciliation.reports.volume import Volume

SHARE = Column("cashless_share", mark("Cashless share"), Kind.PERMILLE)
DOLLARS = Column("dollars", mark("Cashless, US$"), Kind.MONEY, "USD")
STAYS = count("stays", mark("Stays"))
#: All stays, those apart that cost nothing by themselves.
STAYS_APART = (
    count("stays_on_pass", mark("Stays on a pass")),
    count("stays_exempt", mark("Exempt stays")),
    count("stays_other", mark("All other stays")),
)
PAID = (
    count("cashless_count", mark("Cashless payments")),
    money("cashless_gross", mark("Cashless, gross")),
    count("cash_count", mark("Cash payments")),
    money("cash_gross", mark("Cash, gross")),
    count("count", mark("All payments")),
    SHARE,
    money("refunds", mark("Refunds")),
    money("confirmed_gross", mark("Confirmed by the provider")),
    money("banked_gross", mark("In the bank")),
)
FIGURES = (STAYS, *PAID)
ADDS = (Sum("count", ("cashless_count", "cash_count")),)

MONTH = Column("month", mark("Month"), Kind.MONTH)
MONTHS = (
    MONTH,
    *FIGURES,
    DOLLARS,
    Column("cumulative_count", mark("Cashless payments since launch"), Kind.COUNT),
    Column("cumulative_gross", mark("Cashless since launch"), Kind.MONEY),
)
WARD = Column("ward", mark("Ward"), Kind.WORD, words={"": mark("Belongs to no lot")})
DISTRICT = Column(
    "former_district", mark("Former district"), Kind.WORD, words={"": mark("Belongs to no lot")}
)
SERVICE = Column(
    "service",
    mark("For what"),
    Kind.WORD,
    words={
        "parking": mark("Single stays"),
        "pass": mark("Monthly passes"),
    },
)
VEHICLE = Column("vehicle_class", mark("Vehicle class"), Kind.WORD, words=FIGURE_CLASSES)
PASS_HOURS = Column("hours", mark("Hours of the pass"), Kind.WORD, words=HOURS)
OTHERS = "…"

DEFINITIONS = (
    Sentence(
        mark(
            "A payment is one receipt of money for a payment of ours, on the business day of the provider's"
            " time. Gross is before refunds and fees. Refunds and reversals are those recorded in the"
            " period, whenever their payment was made."
        )
    ),
    Sentence(
        mark(
            "A stay is one visit of one vehicle and counts on the day it ended, at the lot where it"
            " ended; one that still goes on is not counted yet. A stay may be paid by several payments"
            " or, within the free time, by none, and one payment may be for several stays."
        )
    ),
    Sentence(
        mark(
            "A monthly pass is paid once and its stays cost nothing within its hours; they stand beside"
            " the pass, not among the single stays. Exempt: costs nothing for a listed reason. Stays"
            " belong to no provider."
        )
    ),
    Sentence(
        mark(
            "Confirmed: matched with a line of the provider's own file. In the bank: part of a payout"
            " that the operator's bank credited. Cash is what attendants recorded in their tills."
        )
    ),
)


def cells(found: Volume) -> tuple[int, ...]:
    """A volume as the cells of `FIGURES`."""
    return (
        found.stays, found.cashless_count, found.cashless_gross, found.cash_count, found.cash_gross,
        found.count, share(found.cashless_count, found.count), found.refunds,
        found.confirmed_gross - found.cash_confirmed_gross,
        found.banked_gross - found.cash_banked_gross,
    )  # fmt: skip


def below(columns: Sequence[Column], rows: Sequence[Row]) -> Row:
    """The totals; the share below is that of the sums, not a sum of shares."""
    sums = dict(zip((c.key for c in columns), totals(columns, rows), strict=True))
    counted, all_of_them = sums["cashless_count"], sums["count"]
    if isinstance(counted, int) and isinstance(all_of_them, int):
        sums[SHARE.key] = share(counted, all_of_them)
    return tuple(sums.values())
