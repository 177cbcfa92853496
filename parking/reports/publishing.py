"""Publishing a report in every language and format."""

from __future__ import annotations

from parking.reports.asked import Asked
from parking.reports.kinds import make
from parking.reports.speech import speak
from parking.reports.written import every_rendering
from payments.db import Databases
from reconciliation.published import PublishedFigure
from reconciliation.reports.publishing import Publication, publish


def publish_report(
    databases: Databases, kind: str, asked: Asked, by: str, reason: str = ""
) -> PublishedFigure:
    """Make the report of what was asked for and publish it; `reason` is needed for a revision.

    Raises `DoesNotFoot`, `WrongUsage`, `Conflict`, `NotFound` as `make` and `publish` do.
    """
    with databases.read() as tx:
        report = make(tx, kind, asked)
    publication = Publication(
        report, asked.since, asked.until, asked.operator, by, reason, asked.now
    )
    return publish(databases.write, publication, every_rendering, speak("vi"))
