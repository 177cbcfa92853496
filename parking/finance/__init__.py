"""Pages for finance staff: what came in, what differs, and where every dong went."""

from __future__ import annotations

from parking.finance.pages import blueprint

__all__ = ["blueprint"]
