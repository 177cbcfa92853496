"""Every invariant of the money, checked over the whole database; `parking verify` runs these.

The proofs are in `proofs/`, by noun. Each runs set-based, streams, and names the row that is off.
Rows that came after the last comparison of their day are not due yet and prove nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from reconciliation.proofs.books import (
    adjustments_are_whole,
    attachments_are_booked,
    movements_count_once,
    set_aside_is_booked,
    transfers_equal_movements,
    transfers_equal_refunds,
    transfers_have_a_cause,
)
from reconciliation.proofs.closing import (
    book_days_have_their_closing,
    certificates_equal_their_rows,
    certificates_form_a_chain,
    closed_days_stay_closed,
)
from reconciliation.proofs.comparison import (
    control_totals_hold,
    each_side_once_per_leg,
    fees_are_booked,
    matches_agree,
    other_lines_name_nobody,
)
from reconciliation.proofs.decisions import (
    approvals_take_two_people,
    resolutions_are_booked,
    resolutions_are_in_the_log,
    words_equal_their_digests,
)
from reconciliation.proofs.evidence import (
    audit_equals_its_digests,
    mappings_equal_their_digests,
    notices_equal_their_digests,
    published_files_equal_their_hashes,
    statements_equal_their_bytes,
    triggers_are_in_place,
    uploads_equal_their_bytes,
)
from reconciliation.proofs.figures import summaries_equal_their_totals, totals_equal_their_rows
from reconciliation.proofs.payouts import (
    payouts_equal_their_lines,
    shares_equal_their_lines,
)
from reconciliation.proofs.rules import (
    decisions_about_rules_are_in_the_trail,
    named_lines_are_in_the_log,
    pairs_by_hand_took_two_people,
    what_rules_booked_is_set_aside,
)
from reconciliation.proofs.shares import parts_make_their_payment, refunds_name_their_part
from reconciliation.proofs.states import refunded_equals_its_rows, stored_state_equals_the_fold
from reconciliation.proofs.violation import Violation

__all__ = ["PROOFS", "Violation", "check"]

#: The name of a proof is the name of its function, and the rule its violations carry.
PROOFS: tuple[Callable[[Session], Iterator[Violation]], ...] = (
    triggers_are_in_place,
    movements_count_once,
    transfers_equal_movements,
    attachments_are_booked,
    transfers_equal_refunds,
    transfers_have_a_cause,
    adjustments_are_whole,
    set_aside_is_booked,
    what_rules_booked_is_set_aside,
    other_lines_name_nobody,
    named_lines_are_in_the_log,
    decisions_about_rules_are_in_the_trail,
    pairs_by_hand_took_two_people,
    stored_state_equals_the_fold,
    refunded_equals_its_rows,
    parts_make_their_payment,
    refunds_name_their_part,
    notices_equal_their_digests,
    audit_equals_its_digests,
    statements_equal_their_bytes,
    uploads_equal_their_bytes,
    mappings_equal_their_digests,
    published_files_equal_their_hashes,
    control_totals_hold,
    matches_agree,
    each_side_once_per_leg,
    shares_equal_their_lines,
    payouts_equal_their_lines,
    fees_are_booked,
    words_equal_their_digests,
    resolutions_are_in_the_log,
    approvals_take_two_people,
    resolutions_are_booked,
    totals_equal_their_rows,
    summaries_equal_their_totals,
    book_days_have_their_closing,
    closed_days_stay_closed,
    certificates_equal_their_rows,
    certificates_form_a_chain,
)


def check(tx: Session, progress: Callable[[str], object] | None = None) -> Iterator[Violation]:
    """Run every proof; `progress` hears the name of each one before it runs."""
    for proof in PROOFS:
        if progress is not None:
            progress(proof.__name__)
        yield from proof(tx)
