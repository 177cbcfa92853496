"""What the rows and states of a file that was handed in are called in front of people."""

from __future__ import annotations

from collections.abc import Mapping

from parking.languages import mark
from reconciliation.statements.vocabulary import BANK
from reconciliation.uploads.models import Upload

#: What a row becomes (`reconciliation.uploads.recording.FATES`) → its name.
FATES = {
    "payment": mark("Pays a payment of ours"),
    "suspense": mark("To unmatched money"),
    "refund": mark("Refund that left"),
    "reversal": mark("Credit taken back"),
    "other": mark("Not ours, only kept"),
}
#: Likewise of an account that a company pays out (`reconciliation.uploads.recording.PAYOUT_FATES`).
PAYOUT_FATES = {
    "announced": mark("Payout that the company announced"),
    "arrived": mark("Credit that no payout announces yet"),
    "left_out": mark("No payout, left out"),
}
BANK_FATES = {**FATES, **PAYOUT_FATES}

#: How far an upload is.
UPLOAD_STATES = {
    "offered": mark("Not confirmed yet"),
    "begun": mark("Being recorded"),
    "stored": mark("Being compared"),
    "done": mark("Taken in"),
}

READING = mark("Step 1 of 3: the file is being read")
#: State → what is being done to the file in it.
STEPS = {
    "begun": mark("Step 2 of 3: the rows are being stored, those of one day together"),
    "stored": mark("Step 3 of 3: the days are being compared with what we recorded"),
}

#: What a row of a settlement file is (`reconciliation.statements.meanings`) → its name.
KINDS = {
    "payment": mark("Payment"),
    "refund": mark("Refund"),
    "reversal": mark("Taken back"),
    "chargeback": mark("Chargeback"),
    "payout": mark("Payout"),
    "fee": mark("Fee"),
    "other": mark("Something else"),
    "ignored": mark("Counts for nothing"),
}

#: The kinds of lines that are stored.
LINE_KINDS = ("payment", "refund", "payout", "other")

#: Totals of a settlement file that were compared with its rows → their names.
CHECKED = {
    "count": mark("count"),
    "gross": mark("gross"),
    "fee": mark("fees"),
    "fee_tax": mark("tax on fees"),
    "net": mark("net"),
    "amount": mark("amounts"),
    "debit": mark("debits"),
    "credit": mark("credits"),
    "balance": mark("balance"),
}


def tells_of_payouts(upload: Upload) -> bool:
    """Whether it is, as far as it was recorded, the bank's statement of where a company pays out."""
    return upload.means == BANK and not PAYOUT_FATES.keys().isdisjoint(upload.tally)


def tallied(upload: Upload) -> Mapping[str, tuple[str, int]]:
    """What became of the rows of an upload: the name of each sort in code and for people, and how many."""
    names: Mapping[str, str] = {kind: KINDS[kind] for kind in LINE_KINDS}
    if upload.means == BANK:
        names = PAYOUT_FATES if tells_of_payouts(upload) else FATES
    return {name: (label, upload.tally.get(name, 0)) for name, label in names.items()}
