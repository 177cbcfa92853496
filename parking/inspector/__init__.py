"""Pages for inspectors: walk through a lot, count, and see afterwards what the books said."""

from __future__ import annotations

from parking.inspector.pages import blueprint

__all__ = ["blueprint"]
