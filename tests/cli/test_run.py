"""`parking run` as `make run` calls it: real processes, a real stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from parking.commands.processes import Family, Part, ProcessDied
from parking.commands.run import host, parts
from parking.config import Config
from tests.cli.conftest import Parking

PATIENCE = 40.0


def answer(url: str) -> int:
    return urllib3.request("GET", url, retries=False, timeout=5.0).status


@contextmanager
def service(settings: dict[str, str], out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """`parking run`, once it has said where to click."""
    with out.open("wb") as stdout, out.with_suffix(".err").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "parking", "run"], env=settings, stdout=stdout, stderr=stderr
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while b"/sign-in" not in out.read_bytes():
                assert process.poll() is None, out.with_suffix(".err").read_text()
                assert time.monotonic() < deadline, out.with_suffix(".err").read_text()
                time.sleep(0.05)
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)


def children(pid: int) -> list[int]:
    """Every process that descends from `pid`."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, listed) for found in (child, *children(child))]


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_everything_starts_says_where_to_click_and_stops_without_orphans(
    settings: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    settings |= {"DATABASE_URL": database_url}
    out = tmp_path / "first"
    with service(settings, out) as process:
        assert answer(f"http://127.0.0.1:{settings['PORT']}/readyz") == 200
        assert answer(f"http://127.0.0.1:{settings['SANDBOX_PORT']}/healthz") == 200
        examined = subprocess.run(
            [sys.executable, "-m", "parking", "doctor"], env=settings, capture_output=True,
            check=False,
        )  # fmt: skip
        assert examined.returncode == 0, examined.stdout
        family = children(process.pid)
        assert len(family) >= 3
        process.send_signal(signal.SIGINT)
        assert process.wait(12) == 0
    assert alive(family) == []
    shown = out.read_text()
    assert "Traceback" not in out.with_suffix(".err").read_text()
    assert shown.count("/l/") == shown.count(".png") == 7
    assert "admin " in shown
    signs = [Path(line.strip()) for line in shown.splitlines() if line.endswith(".png")]
    assert all(sign.exists() for sign in signs)


def test_a_second_start_keeps_the_data_and_shows_no_password(
    settings: dict[str, str], parking: Parking, tmp_path: Path
) -> None:
    parking("migrate")
    passwords = [line.split()[1] for line in parking("seed").out.splitlines()]
    out = tmp_path / "second"
    with service(settings, out) as process:
        shown = out.read_text()
        assert not any(password in shown for password in passwords)
        assert "parking user reset" in shown
        scheduler = next(
            pid
            for pid in children(process.pid)
            if b"scheduler" in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
        os.kill(scheduler, signal.SIGKILL)
        assert process.wait(12) == 1
    assert "scheduler ended by itself" in out.with_suffix(".err").read_text()


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
def test_a_taken_port_is_named_before_anything_starts(
    settings: dict[str, str], parking: Parking, name: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", int(settings[name])))
        taken.listen()
        said = parking("run")
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert f"{name} {settings[name]}" in said.err
    assert not Path(settings["PARKING_VAR"], "parking.db").exists()


def test_a_part_that_cannot_start_stops_the_others() -> None:
    family = Family()
    family.start(Part("good", [sys.executable, "-c", "import time; time.sleep(60)"], {}))
    family.start(
        Part("bad", [sys.executable, "-c", "raise SystemExit(7)"], {}, "http://127.0.0.1:1")
    )
    try:
        with pytest.raises(ProcessDied, match=r"bad ended by itself \(code 7\)"):
            family.until_ready()
    finally:
        family.stop()


def test_a_part_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parking.commands.processes.STOP_SECONDS", 0.5)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    family = Family()
    family.start(Part("stubborn", [sys.executable, "-c", stubborn], {}))
    time.sleep(0.3)
    began = time.monotonic()
    family.stop()
    assert time.monotonic() - began < 5


def test_a_part_that_never_answers_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parking.commands.processes.START_SECONDS", 0.2)
    family = Family()
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    family.start(Part("mute", command, {}, "http://127.0.0.1:1"))
    try:
        with pytest.raises(ProcessDied, match="mute did not start"):
            family.until_ready()
    finally:
        family.stop()


def test_other_machines_reach_us_only_when_public_url_says_so(settings: dict[str, str]) -> None:
    assert host(Config.from_env(settings)) == "127.0.0.1"
    assert host(Config.from_env(settings | {"PUBLIC_URL": "http://192.0.2.7:8000"})) == "0.0.0.0"


def test_production_runs_no_sandbox(settings: dict[str, str]) -> None:
    development = Config.from_env(settings)
    assert [part.name for part in parts(development)] == ["sandbox", "web", "scheduler"]
    keys = {
        "PARKING_ENV": "production",
        "PUBLIC_URL": "https://parking.example.vn",
        "SECRET_KEY": development.secret_key,
        "SIGN_KEYS": "a:" + "A" * 44,
        "SECRETS_KEY": development.secrets_keys[0],
    }
    production = Config.from_env(settings | keys)
    assert [part.name for part in parts(production)] == ["web", "scheduler"]
