"""`parking jobs`: what ran by itself, how it went, when it is tried next."""

from __future__ import annotations

import json

import click

from parking.commands.inputs import Build
from parking.commands.speech import both
from parking.job_list import NAMES, OUTCOMES, JobState, job_states
from parking.languages import mark
from parking.scheduler import timetable
from payments.db import CITY_ZONE


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON list for scripts.")
@click.pass_obj
def jobs(build: Build, as_json: bool) -> None:
    """Các việc định kỳ: lần chạy gần nhất và lần tới / The timetable: latest runs and next tries."""
    house = build()
    with house.databases.read() as tx:
        states = job_states(tx, timetable(house.gateways, house.tariffs), house.clock())
    if as_json:
        click.echo(json.dumps([plain(state) for state in states], ensure_ascii=False))
        return
    for state in states:
        click.echo(_line(state))


def plain(state: JobState) -> dict[str, object]:
    """A job for scripts; instants are ISO 8601 in UTC, what never ran has None."""
    run = state.latest
    return {
        "job": state.job.name,
        "nightly": state.at_night,
        "started_at": run.started_at.isoformat() if run else None,
        "ended_at": run.ended_at.isoformat() if run and run.ended_at else None,
        "outcome": run.outcome if run else None,
        "attempt": run.attempt if run else None,
        "rows": run.rows if run else None,
        "detail": run.detail if run else None,
        "next_try": state.next_try.isoformat(),
    }


def _line(state: JobState) -> str:
    run, name = state.latest, both(NAMES.get(state.job.name, state.job.name))
    following = both(
        mark("next %(when)s"), when=f"{state.next_try.astimezone(CITY_ZONE):%H:%M:%S %d/%m}"
    )
    if run is None:
        return f"{state.job.name}  {name}: {both(mark('never ran'))}; {following}"
    began = f"{run.started_at.astimezone(CITY_ZONE):%H:%M:%S %d/%m}"
    told = run.detail or ("" if run.rows is None else both(mark("%(count)s rows"), count=run.rows))
    return f"{state.job.name}  {name}: {both(OUTCOMES[run.outcome])}, {began}, {told}; {following}"
