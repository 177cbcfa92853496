"""One scheduler process of several: writes a line for each slot it works on, until SIGTERM."""

from __future__ import annotations

import os
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from parking.clockwork import Clockwork, Job
from parking.slots import Every
from payments.db import connect

TERM = timedelta(seconds=2)


def main(url: str, out: Path) -> None:
    """Compete for the lease of the database at `url`."""
    step = Every(seconds=1)

    def work(_db: sessionmaker[Session], now: datetime) -> int:
        with out.open("a") as file:
            return file.write(f"{os.getpid()} {step.last(now).isoformat()}\n")

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    databases = connect(url)
    clockwork = Clockwork(databases, lambda: datetime.now(UTC), (Job("mark", step, work),), TERM)
    clockwork.start()
    stop.wait()
    clockwork.stop()
    databases.dispose()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
