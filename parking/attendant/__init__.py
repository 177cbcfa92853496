"""Pages for whoever guards a lot: who is inside, who has paid, who drives out."""

from __future__ import annotations

from parking.attendant.pages import blueprint

__all__ = ["blueprint"]
