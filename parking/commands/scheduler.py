"""`parking scheduler`: one of possibly several processes that run the timetable."""

from __future__ import annotations

import logging
import signal
import threading

import click

from parking.clockwork import Clockwork
from parking.commands.inputs import Build
from parking.commands.speech import tell
from parking.scheduler import timetable


@click.command()
@click.pass_obj
def scheduler(build: Build) -> None:
    """Chạy các việc định kỳ đến khi được dừng / Run the timetable until told to stop."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    # it reports every slot that is skipped because the one before still runs: that is wanted
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    house = build()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    clockwork = Clockwork(house.databases, house.clock, timetable(house.gateways, house.tariffs))
    clockwork.start()
    tell("The timetable runs.")
    stop.wait()
    clockwork.stop()
    tell("The timetable stopped.")
