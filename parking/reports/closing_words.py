"""What keeps a day open and how far its closing is, in front of people; and what to do about it."""

from __future__ import annotations

from parking.languages import mark

#: Kind of an obstacle (`reconciliation.closing.obstacles.ObstacleKind`) → what it is.
OBSTACLES = {
    "awaiting": mark("The provider's file has not come"),
    "partial": mark("More files are to come"),
    "uncounted": mark("A till was not counted: its shift is still open"),
    "uncompared": mark("Money that was not compared since it came"),
    "break": mark("A difference that nobody explained"),
}

#: The same → what would be right.
INSTRUCTIONS = {
    "awaiting": mark("Hand the file in, or reconcile the day again once it is there."),
    "partial": mark("Reconcile the day again once the rest is there."),
    "uncounted": mark("Let the attendant count and close the shift."),
    "uncompared": mark("Reconcile the day again."),
    "break": mark("Explain it on its page."),
}

#: How far the closing of an operator's day is.
CLOSING_STATES = {
    "ready": mark("Ready to be closed"),
    "asked": mark("Waits for a second person"),
    "closing": mark("Being closed"),
    "closed": mark("Day closed"),
    "reopening": mark("Somebody asks to open it again"),
}
