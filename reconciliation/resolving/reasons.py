"""The reasons a person may give for a difference, as data: which classes each explains, what it books.

What the books hold of a difference before anybody resolves it:

- our movements stand in `clearing:<account>` at our amount, confirmed or not;
- a line's fee is booked from the line, whatever the line is for (`reconciliation.charging`), so a
  wrong fee is in the books already, and only claiming it back moves money;
- a line's gross amount is in the books only through our movement: of a line alone it is missing, of
  a pair what is missing is the difference;
- a payout that pays another sum than its lines make leaves the difference in clearing;
- a payout is booked from the bank's credit, once it is paired with the announcement; a credit alone
  is nowhere, a payout that never arrived is still in clearing, where it belongs;
- the count of a till was booked against `over_short` when its shift closed.

So one rule books everything: to take their word, the account that is off moves by the difference
(theirs − ours), against the account that a reason names. The account that is off is `bank` for a
credit alone, else clearing (of a till: ``cash:<holder>``). A reason that holds on to our word books
nothing, and clearing goes on saying what the provider rightly owes. After either, clearing means
what the provider still owes.

`collected` is never touched: what a driver has paid is a matter of movements, and receipts, refunds
and the city's figure are read from those.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reconciliation.breaks import BreakClass
from reconciliation.models import BANK, PAYOUT, SETTLEMENT


class Against(StrEnum):
    """The account a reason books against. HOLDER is the merchant account's own clearing account,
    FX the position in the currency that came instead of ours."""

    ADJUSTMENTS = "adjustments"
    FEES = "fees"
    OVER_SHORT = "over_short"
    SUSPENSE = "suspense"
    BANK = "bank"
    HOLDER = "holder"
    FX = "fx"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code and where it may stand. `books` None: nothing, the books are right already or hold on
    to our word. `sign`: 1 only where they say more than we, -1 only where less, 0 either. `most`: the
    largest difference it explains, minor units. `back`: the account that is off moves the other way,
    because a count moved it before. `words`: somebody has to say more."""

    code: str
    classes: frozenset[BreakClass]
    books: Against | None = None
    sign: int = 0
    most: int | None = None
    back: bool = False
    words: bool = False
    legs: tuple[str, ...] = (SETTLEMENT, PAYOUT, BANK)

    def fits(self, kind: str, leg: str, difference: int) -> bool:
        """Whether it may explain a difference of this class and amount."""
        return (
            kind in self.classes
            and leg in self.legs
            and self.sign * difference >= 0
            and (self.most is None or abs(difference) <= self.most)
        )


def _of(*classes: BreakClass) -> frozenset[BreakClass]:
    return frozenset(classes)


#: Lines that have no counterpart of ours.
_LINES = _of(
    BreakClass.MISSING_INTERNAL,
    BreakClass.DUPLICATE_EXTERNAL,
    BreakClass.REFUND_UNKNOWN,
    BreakClass.CHARGEBACK,
)
#: Whatever stands alone although its counterpart exists somewhere.
_STRAYS = _LINES | _of(BreakClass.MISSING_EXTERNAL, BreakClass.AMBIGUOUS)
#: Differences people resolve at all: a late line explains itself, a refused file is no difference.
_ALL = frozenset(BreakClass) - _of(
    BreakClass.LATE, BreakClass.CONTROL_TOTAL, BreakClass.UNPARSABLE_LINE
)

#: By code, in the order people are offered them.
REASONS = {
    reason.code: reason
    for reason in (
        # the provider is wrong and will say so in a later file: our word stands
        Reason("provider_corrects", _STRAYS | _of(
            BreakClass.AMOUNT_MISMATCH, BreakClass.CURRENCY_MISMATCH, BreakClass.STATUS_MISMATCH,
        )),
        # such a later line: what it brings is in clearing since the difference it corrects
        Reason("corrects_earlier", _LINES, Against.HOLDER),
        # both sides exist and are in the same clearing account; a person sees that they belong
        # together, by a reference that the rules cannot read
        Reason("another_day", _STRAYS, Against.HOLDER),
        # each account's side is passed through suspense, so that the two resolutions meet there and
        # neither needs to know of the other
        Reason("another_account", _STRAYS, Against.SUSPENSE, legs=(SETTLEMENT, BANK)),
        Reason("seen_at_bank", _of(BreakClass.MISSING_EXTERNAL), Against.BANK, legs=(BANK,)),
        Reason("fee_accepted", _of(BreakClass.FEE_MISMATCH)),
        Reason("fee_claimed", _of(BreakClass.FEE_MISMATCH), Against.FEES),
        Reason("provider_charge", _of(
            BreakClass.AMOUNT_MISMATCH, BreakClass.MISSING_INTERNAL,
        ), Against.FEES, sign=-1),
        Reason("rounding", _of(BreakClass.AMOUNT_MISMATCH), Against.ADJUSTMENTS, most=1_000),
        Reason("settled_in_currency", _of(BreakClass.CURRENCY_MISMATCH), Against.FX),
        Reason("recorded_twice", _of(BreakClass.DUPLICATE_INTERNAL), Against.ADJUSTMENTS),
        # somebody else's money: apart until it goes back, and what went back of it
        Reason("to_return", _of(
            BreakClass.MISSING_INTERNAL, BreakClass.DUPLICATE_EXTERNAL, BreakClass.AMOUNT_MISMATCH,
            BreakClass.STATUS_MISMATCH, BreakClass.AMBIGUOUS,
        ), Against.SUSPENSE, sign=1),
        Reason("returned", _of(
            BreakClass.MISSING_INTERNAL, BreakClass.REFUND_UNKNOWN, BreakClass.CHARGEBACK,
        ), Against.SUSPENSE, sign=-1),
        Reason("chargeback_lost", _of(BreakClass.CHARGEBACK), Against.ADJUSTMENTS, sign=-1),
        Reason("written_off", _of(
            BreakClass.MISSING_EXTERNAL, BreakClass.MISSING_INTERNAL, BreakClass.AMOUNT_MISMATCH,
            BreakClass.REFUND_UNKNOWN, BreakClass.AMBIGUOUS,
        ), Against.ADJUSTMENTS, sign=-1),
        Reason("kept", _of(
            BreakClass.MISSING_EXTERNAL, BreakClass.MISSING_INTERNAL, BreakClass.AMOUNT_MISMATCH,
            BreakClass.DUPLICATE_EXTERNAL, BreakClass.STATUS_MISMATCH, BreakClass.AMBIGUOUS,
        ), Against.ADJUSTMENTS, sign=1),
        Reason("test_payment", _of(
            BreakClass.MISSING_EXTERNAL, BreakClass.MISSING_INTERNAL, BreakClass.STATUS_MISMATCH,
        ), Against.ADJUSTMENTS, legs=(SETTLEMENT, BANK)),
        # the count is in over_short already: leaving it there is the write-off
        Reason("short_written_off", _of(BreakClass.CASH_SHORT)),
        Reason("charged_attendant", _of(BreakClass.CASH_SHORT), Against.OVER_SHORT, back=True),
        Reason("over_kept", _of(BreakClass.CASH_OVER)),
        Reason("attendants_own", _of(BreakClass.CASH_OVER), Against.OVER_SHORT, back=True),
        Reason("other", _ALL, words=True),
    )
}  # fmt: skip
