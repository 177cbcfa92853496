"""The sandbox as a process: settings from the environment, and the worker that sends notices.

    granian --interface wsgi --factory payments.sandbox.serve:app_from_env

| variable               | meaning                                                              |
|------------------------|----------------------------------------------------------------------|
| SANDBOX_DATABASE_URL   | its own database, never the one of the service                       |
| SANDBOX_BASE_URL       | where drivers reach it                                               |
| SANDBOX_MERCHANTS      | JSON: {"id": {"name": …, "secrets": [one or two], "notify_url": …}}  |
| SANDBOX_DUPLICATE_RATE | share of notices sent twice, 0 to 1 (0)                              |
| SANDBOX_REORDER        | 1: notices arrive out of order (0)                                   |
| PARKING_ENV            | "production" stops the start                                         |
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from payments.errors import Complaint, WrongUsage
from payments.http import HttpClient
from payments.provider import Http
from payments.sandbox.app import create_sandbox
from payments.sandbox.books import Books
from payments.sandbox.config import Merchant, SandboxConfig

#: How long the worker sleeps between two looks, in seconds.
PAUSE = 0.3

log = logging.getLogger(__name__)


def app_from_env() -> Flask:
    """The application, with its worker running. Raises `WrongUsage` naming a bad setting."""
    config = config_from(os.environ)
    app = create_sandbox(config)
    Worker(app.extensions["sandbox"], client_for(config)).start()
    return app


def config_from(environ: Mapping[str, str]) -> SandboxConfig:
    """The settings in `environ`. Raises `WrongUsage` naming the variable."""
    return SandboxConfig(
        database_url=_needed(environ, "SANDBOX_DATABASE_URL"),
        base_url=_needed(environ, "SANDBOX_BASE_URL"),
        merchants=_merchants(_needed(environ, "SANDBOX_MERCHANTS")),
        production=environ.get("PARKING_ENV", "") == "production",
        duplicate_rate=_rate(environ.get("SANDBOX_DUPLICATE_RATE", "0")),
        reorder=environ.get("SANDBOX_REORDER", "0") == "1",
    )


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise WrongUsage("%(name)s is not set.", name=name)
    return value


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= 1:
        raise WrongUsage(
            "SANDBOX_DUPLICATE_RATE must be a number from 0 to 1, not %(text)s.", text=text
        )
    return rate


def _merchants(text: str) -> dict[str, Merchant]:
    try:
        return {
            merchant: Merchant(
                str(entry["name"]), tuple(entry["secrets"]), str(entry["notify_url"])
            )
            for merchant, entry in json.loads(text).items()
        }
    except (ValueError, TypeError, KeyError, AttributeError):
        raise WrongUsage(
            "SANDBOX_MERCHANTS must be JSON like"
            ' {"id": {"name": "…", "secrets": ["…"], "notify_url": "https://…"}}.'
        ) from None


def client_for(config: SandboxConfig) -> HttpClient:
    """An outbound client that may reach the merchants' notice addresses and nothing else."""
    addresses = (urlsplit(entry.notify(name)) for name, entry in config.merchants.items())
    hosts = {f"http://{a.netloc}" if a.scheme == "http" else a.netloc for a in addresses}
    return HttpClient(hosts, connect=2.0, read=5.0, whole=10.0, largest_answer=64 * 1024)


class Worker(threading.Thread):
    """Sends notices as they fall due, for as long as the process lives."""

    def __init__(self, books: Books, http: Http) -> None:
        super().__init__(name="sandbox-notices", daemon=True)
        self._books = books
        self._http = http
        self._stop_asked = threading.Event()

    def run(self) -> None:
        while not self._stop_asked.wait(PAUSE):
            try:
                self._books.deliver_due(self._books.config.clock(), self._http)
            except (SQLAlchemyError, Complaint):
                log.exception("notices could not be sent; they stay due")

    def stop(self) -> None:
        """Finish the notice at hand and end."""
        self._stop_asked.set()
        self.join()
