"""What the rows and states of an uploaded bank statement are called in front of people."""

from __future__ import annotations

from parking.languages import mark

#: What a row becomes (`reconciliation.uploads.recording.FATES`) → its name.
FATES = {
    "payment": mark("Pays a payment of ours"),
    "suspense": mark("To unmatched money"),
    "refund": mark("Refund that left"),
    "reversal": mark("Credit taken back"),
    "other": mark("Not ours, only kept"),
}

#: How far an upload is.
UPLOAD_STATES = {
    "offered": mark("Not confirmed yet"),
    "begun": mark("Being recorded"),
    "stored": mark("Being compared"),
    "done": mark("Taken in"),
}
