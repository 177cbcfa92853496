"""Every table of the house in one metadata, and the way to bring a database up to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Concatenate

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from parking.cards.models import Card
from parking.jobs import JobRun
from parking.lots.models import Lot
from parking.passes.models import Pass
from parking.people.models import Person
from parking.receipts.models import Receipt
from parking.reports.elsewhere import ReportedTotal
from parking.sessions.models import ParkingSession
from parking.shifts.models import Shift
from parking.tax.models import TaxTable
from parking.watch.models import Headcount, LotDay, StayMark
from payments.book_days import BookDay
from payments.db import Base, UtcDateTime
from payments.models import Payment
from payments.payback import RefundTask
from payments.setting_aside import SetAside
from payments.sharing import Allocation
from reconciliation.closing.models import Closing
from reconciliation.models import Statement
from reconciliation.payouts.models import PayoutBatch
from reconciliation.published import PublishedFigure
from reconciliation.resolving.models import BreakAct
from reconciliation.rules.models import LineRule
from reconciliation.seals.models import Seal
from reconciliation.stay_totals import StayTotal
from reconciliation.summaries import Summary
from reconciliation.uploads.models import Upload

__all__ = [
    "Allocation",
    "Base",
    "BookDay",
    "BreakAct",
    "Card",
    "Closing",
    "Headcount",
    "JobRun",
    "LineRule",
    "Lot",
    "LotDay",
    "ParkingSession",
    "Pass",
    "Payment",
    "PayoutBatch",
    "Person",
    "PublishedFigure",
    "Receipt",
    "RefundTask",
    "ReportedTotal",
    "Seal",
    "SetAside",
    "Shift",
    "Statement",
    "StayMark",
    "StayTotal",
    "Summary",
    "TaxTable",
    "Upload",
    "UtcDateTime",
    "check",
    "downgrade",
    "newest",
    "revision",
    "upgrade",
]

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def upgrade(engine: Engine, target: str = "head") -> None:
    """Migrate the database behind `engine` forwards to `target`."""
    _run(engine, command.upgrade, target)


def downgrade(engine: Engine, target: str = "base") -> None:
    """Migrate the database behind `engine` backwards to `target`."""
    _run(engine, command.downgrade, target)


def check(engine: Engine) -> None:
    """Raises alembic's error when tables and migrations have drifted apart."""
    _run(engine, command.check)


def _run(engine: Engine, act: Callable[Concatenate[Config, ...], object], *target: str) -> None:
    config = _config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        act(config, *target)


def revision(engine: Engine) -> str | None:
    """The migration the database stands at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


@cache
def newest() -> str | None:
    """The newest migration there is, read once: it changes with the code only."""
    return ScriptDirectory.from_config(_config()).get_current_head()
