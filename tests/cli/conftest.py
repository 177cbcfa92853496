"""A configuration of its own for every test, and the command as a script calls it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from parking.cli import execute

SETTINGS = (
    "PARKING_ENV", "PARKING_VAR", "DATABASE_URL", "PORT", "PUBLIC_URL", "SECRET_KEY", "SIGN_KEYS",
    "SECRETS_KEY", "SANDBOX_PORT", "SANDBOX_URL", "SANDBOX_DATABASE_URL", "SANDBOX_SECRET",
    "PROVIDER_HOSTS",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str


Parking = Callable[..., Said]


def free_ports() -> tuple[int, int]:
    """Two ports nobody listens on."""
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a fresh machine: an empty folder, free ports."""
    port, sandbox_port = free_ports()
    chosen = {
        "PARKING_VAR": str(tmp_path / "var"),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
    }
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    return {**os.environ, **chosen}


@pytest.fixture
def parking(settings: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Parking:
    """Runs `parking` with these arguments in this process."""

    def call(*arguments: str) -> Said:
        capsys.readouterr()
        code = execute(list(arguments))
        told = capsys.readouterr()
        return Said(code, told.out, told.err)

    return call


@pytest.fixture
def seeded(
    parking: Parking, settings: dict[str, str], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Parking:
    """`parking` on a database that is set up; the test runs once on each kind."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert parking("seed").code == 0
    return parking
