"""Pages for whoever parks: no sign-in, no account, nothing to install."""

from __future__ import annotations

from parking.driver.pages import blueprint

__all__ = ["blueprint"]
