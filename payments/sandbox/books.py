"""One running sandbox: its settings and its database, as the routes and the worker see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import current_app

from payments.db import Databases
from payments.provider import Http
from payments.sandbox.config import SandboxConfig
from payments.sandbox.notices import deliver_due


@dataclass(frozen=True, slots=True)
class Books:
    config: SandboxConfig
    db: Databases

    def deliver_due(self, now: datetime, http: Http) -> int:
        """Send every notice due at `now` through `http`; how many arrived."""
        return deliver_due(self.db, self.config, now, http)


def books() -> Books:
    """The sandbox that the current request came to."""
    found: Books = current_app.extensions["sandbox"]
    return found
