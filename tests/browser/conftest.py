"""A real Chromium, and the real service beside the real sandbox on sockets of this machine."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from wsgiref.types import WSGIApplication

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Page,
    Playwright,
    ViewportSize,
    sync_playwright,
)
from werkzeug.serving import make_server

from parking.app import build, create_app, system_clock
from parking.config import Config
from parking.house import House
from parking.lots.seed import Credential, seed
from parking.sandbox import sandbox_config
from payments.sandbox.app import create_sandbox
from payments.sandbox.serve import Worker, client_for

#: A small phone, as many drivers have it.
PHONE = ViewportSize(width=360, height=740)
#: Keeps a browser quiet on a closed network.
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "no Chromium for the page tests: install it, or name it with PARKING_CHROMIUM"


def chromium(playwright: Playwright) -> Path | None:
    """The browser to drive: the one named, Debian's, else Playwright's own."""
    places = (
        os.environ.get("PARKING_CHROMIUM", ""),
        "/usr/bin/chromium",
        playwright.chromium.executable_path,
    )
    return next((Path(place) for place in places if place and Path(place).is_file()), None)


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    """One browser for all page tests. Without one they skip, except where CI=true."""
    with sync_playwright() as playwright:
        found = chromium(playwright)
        if found is None and os.environ.get("CI") == "true":
            pytest.fail(MISSING)
        if found is None:
            pytest.skip(MISSING)
        browser = playwright.chromium.launch(executable_path=found, args=[*FLAGS])
        yield browser
        browser.close()


@dataclass
class City:
    """The service and the sandbox, running; `worker` sends the sandbox's notices once started."""

    house: House
    worker: Worker
    credentials: list[Credential]

    @property
    def url(self) -> str:
        return self.house.config.public_url


@contextmanager
def served(port: int, app: WSGIApplication) -> Iterator[None]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_sockets:
        found = [open_sockets.enter_context(socket.socket()) for _ in range(count)]
        for each in found:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in found]


def configure(folder: Path, database_url: str) -> Config:
    port, sandbox_port = free_ports(2)
    return Config.from_env(
        {
            "PARKING_VAR": str(folder / "var"),
            "DATABASE_URL": database_url,
            "PORT": str(port),
            "SANDBOX_PORT": str(sandbox_port),
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
    )


@contextmanager
def running(folder: Path, database_url: str) -> Iterator[City]:
    """A seeded city whose sandbox holds its notices back until the worker is started."""
    config = configure(folder, database_url)
    house = build(config)
    sandbox = create_sandbox(sandbox_config(config))
    books = sandbox.extensions["sandbox"]
    worker = Worker(books, client_for(sandbox_config(config)))
    credentials = seed(house, system_clock())
    with served(config.port, create_app(house)), served(config.sandbox_port, sandbox):
        yield City(house, worker, credentials)
        if worker.is_alive():
            worker.stop()
    books.db.dispose()
    house.databases.dispose()


@pytest.fixture
def city(tmp_path: Path, sqlite_url: str) -> Iterator[City]:
    """A city of its own for one story."""
    with running(tmp_path, sqlite_url) as city:
        yield city


@pytest.fixture
def phone(chrome: Browser) -> Iterator[Page]:
    """A phone. A page that breaks our content policy or its own script fails the test."""
    with chrome.new_context(viewport=PHONE) as context:
        page = context.new_page()
        trouble: list[str] = []
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda said: trouble.extend(_errors(said)))
        yield page
        assert trouble == []


def _errors(said: ConsoleMessage) -> list[str]:
    """What a page complains of; an answer such as 409 is not the page's mistake."""
    ours = said.type == "error" and not said.text.startswith("Failed to load resource")
    return [said.text] if ours else []


@pytest.fixture
def plain_phone(chrome: Browser) -> Iterator[Page]:
    """A phone whose browser runs no JavaScript."""
    with chrome.new_context(viewport=PHONE, java_script_enabled=False) as context:
        yield context.new_page()
