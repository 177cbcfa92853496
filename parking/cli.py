"""The `parking` command: which commands there are, and how every one of them ends.

Exit codes: 0 fine, 1 the data says no, 2 wrong usage. Whatever goes wrong is one line on stderr, in
Vietnamese and English, naming the input and what would be right.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from functools import cache
from pathlib import Path

import click
from psycopg.errors import UndefinedTable
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError

from parking import app
from parking.commands import (
    account,
    breaks,
    cards,
    close,
    database,
    doctor,
    jobs,
    lot,
    reconcile,
    report,
    rules,
    run,
    scheduler,
    sign,
    simulate,
    statement,
    tax,
    totals,
    trace,
    usage,
    verify,
    vietqr,
)
from parking.commands.processes import answers
from parking.commands.speech import both, explained
from parking.config import Config
from parking.house import House
from parking.people.commands import user
from parking.people.phone_commands import phone
from parking.sessions.plate_command import plate
from parking.tariffs.commands import quote
from payments.errors import Complaint

DATA_SAYS_NO, WRONG_USAGE = 1, 2


@click.group()
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Thu phí gửi xe không tiền mặt. / Cashless parking payments."""

    @cache
    def build() -> House:
        house = open_house()
        ctx.call_on_close(house.databases.dispose)
        return house

    ctx.obj = build


def open_house() -> House:
    """The house of the environment's configuration; a sandbox that does not run is brought along."""
    config = Config.from_env()
    embedded = not config.production and not answers(f"{config.sandbox_url}/healthz")
    return app.build(config, embedded_sandbox=embedded)


COMMANDS: tuple[click.Command, ...] = (
    run.run,
    scheduler.scheduler,
    database.migrate,
    database.fill,
    doctor.doctor,
    jobs.jobs,
    quote,
    plate,
    sign.sign,
    cards.cards,
    lot.lot,
    user,
    phone,
    account.account,
    reconcile.reconcile,
    reconcile.poll,
    breaks.breaks,
    rules.rules,
    close.close,
    verify.verify,
    trace.trace,
    report.report,
    simulate.simulate,
    vietqr.vietqr,
    statement.statement,
    tax.tax,
    totals.totals,
)
for command in COMMANDS:
    cli.add_command(command)


def main() -> None:
    """The console script."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: list[str]) -> int:
    """Run one command; the exit code."""
    try:
        return int(cli.main(arguments, prog_name="parking", standalone_mode=False) or 0)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else DATA_SAYS_NO
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return WRONG_USAGE
    except (click.Abort, KeyboardInterrupt):
        return _fail(both("Stopped."), DATA_SAYS_NO)
    except BrokenPipeError:
        # whoever read our output went away; nothing may be flushed into the closed pipe at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DATA_SAYS_NO
    except Exception as error:  # the last resort: every error ends as one line
        return _explain(error)


def _explain(error: Exception) -> int:
    if isinstance(error, Complaint):
        return _fail(explained(error), error.exit_code)
    if isinstance(error, click.ClickException):
        return _fail(usage.describe(error), WRONG_USAGE)
    if isinstance(error, DatabaseError | InterfaceError) and (reason := _reason(error)):
        return _fail(reason, DATA_SAYS_NO)
    return _fail(_unexpected(error), DATA_SAYS_NO)


def _fail(line: str, code: int) -> int:
    click.echo(line, err=True)
    return code


def _reason(error: DBAPIError) -> str | None:
    """What a person can do about a database that did not take the question; None for our own bug."""
    cause = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
    if isinstance(error.orig, UndefinedTable) or "no such table" in cause:
        return both("The database has not been set up: run parking migrate first.")
    if isinstance(error, OperationalError | InterfaceError):
        return both(
            "The database is away or busy (%(cause)s): check DATABASE_URL and try again.",
            cause=cause,
        )
    return None


def _unexpected(error: Exception) -> str:
    """Keeps what programmers need in a file, under a number that a person can tell them."""
    number = secrets.token_hex(4)
    path = Path(os.environ.get("PARKING_VAR") or "var") / "errors.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = logging.FileHandler(path)
        log.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        record = logging.LogRecord(
            "parking", logging.ERROR, __file__, 0, number, None,
            (type(error), error, error.__traceback__),
        )  # fmt: skip
        log.emit(record)
        log.close()
    except OSError:
        pass
    return both(
        "Something went wrong that should not have (%(kind)s, number %(number)s): see %(path)s.",
        kind=type(error).__name__,
        number=number,
        path=path,
    )
