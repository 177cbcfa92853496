"""Pages for the administrator: people, lots and signs, accounts, the audit trail."""

from __future__ import annotations

from parking.admin.pages import blueprint

__all__ = ["blueprint"]
