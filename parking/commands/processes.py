"""Child processes: start them, wait until they answer, stop them all, leave no orphans."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import urllib3

from parking.languages import mark
from payments.errors import Complaint

#: How long a child may take to answer after its start, and to end after it was told to, in seconds.
START_SECONDS, STOP_SECONDS = 60.0, 8.0
PAUSE = 0.1


class ProcessDied(Complaint):
    """A part of the service that should run for ever has ended."""


class PortTaken(Complaint):
    """Something else listens where we should."""


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the service. `ready` is an address that answers 200 once it serves; None where
    being alive is enough."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    ready: str | None = None


def check_port(host: str, port: int, name: str) -> None:
    """Raises `PortTaken` naming the setting that would move us elsewhere."""
    with socket.socket() as probe:
        # what still lingers from our own last run is no obstacle
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                mark(
                    "%(name)s %(port)s is taken: stop what runs there, or choose another with %(name)s=."
                ),
                name=name,
                port=port,
            ) from error


def wsgi(factory: str, host: str, port: int) -> list[str]:
    """The command that serves a WSGI factory: one process, a few threads (SQLite has one writer)."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "--no-ws"),
        *("--host", host, "--port", str(port), "--workers", "1", "--blocking-threads", "8"),
        *("--log-level", "error", factory),
    ]


class Family:
    """The running parts. Each has its own process group, so that its own children go with it, and a
    Ctrl-C in the terminal reaches only us."""

    def __init__(self) -> None:
        self._running: list[tuple[Part, subprocess.Popen[bytes]]] = []
        self._stop = threading.Event()

    def listen(self) -> None:
        """From now on Ctrl-C and SIGTERM ask for a clean stop."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: self._stop.set())

    def start(self, part: Part) -> None:
        """Begin `part`; what it prints goes where our own progress goes."""
        process = subprocess.Popen(
            part.command,
            env={**os.environ, **part.env},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
        )
        self._running.append((part, process))

    def until_ready(self) -> bool:
        """Wait for every part to answer; False when asked to stop meanwhile. Raises `ProcessDied`."""
        deadline = time.monotonic() + START_SECONDS
        waiting = [part for part, _ in self._running if part.ready]
        while waiting and not self._stop.wait(PAUSE):
            self._check()
            if time.monotonic() > deadline:
                raise ProcessDied(mark("%(name)s did not start in time."), name=waiting[0].name)
            waiting = [part for part in waiting if not answers(part.ready or "")]
        return not self._stop.is_set()

    def watch(self) -> None:
        """Return when asked to stop. Raises `ProcessDied` when any part ends by itself."""
        while not self._stop.wait(PAUSE):
            self._check()

    def _check(self) -> None:
        for part, process in self._running:
            if process.poll() is not None:
                raise ProcessDied(
                    mark("%(name)s ended by itself (code %(code)s); stopping everything."),
                    name=part.name,
                    code=process.returncode,
                )

    def stop(self) -> None:
        """Ask every part to end, the last started first; whatever has not ended in time is killed."""
        for _, process in reversed(self._running):
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            finish(process)


def finish(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def answers(url: str) -> bool:
    """Whether `url` answers 200."""
    try:
        return urllib3.request("GET", url, retries=False, timeout=2.0).status == 200
    except urllib3.exceptions.HTTPError:
        return False
