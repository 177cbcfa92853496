"""Publishing a report: its bytes get a number and never change again.

In three steps, because rendering takes time and nobody may be kept from writing meanwhile: look what
was published before, render with nothing open, store. Whoever published in between wins; the other
one is told and starts again. The number stands in the bytes, so it is chosen before and checked after.

A database takes and gives a rendering as one value, so the largest one is in memory whole, never all of
them: they wait in a temporary file until they are stored. A revision also reads the JSON of the figure
before and its own, to compare them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO

from sqlalchemy import func as sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from payments import audit
from payments.db import add_now
from payments.errors import Conflict, NotFound, WrongUsage
from reconciliation.published import PublishedFigure, PublishedFile
from reconciliation.reports.changes import changes, refuse_unchanged, tables_of
from reconciliation.reports.footing import check
from reconciliation.reports.json_file import write_json
from reconciliation.reports.table import Column, Kind, Language, Parameter, Report, Sentence

#: (language, format) and bytes, one after another.
Renderings = Iterable[tuple[tuple[str, str], bytes]]
LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published: a report about the days `since` to `until` of an operator (by label)
    or of all; who publishes it and, of a revision, why."""

    report: Report
    since: date
    until: date
    operator: str | None
    by: str
    reason: str
    now: datetime

    @property
    def parameters(self) -> str:
        """What the figure is about, always written alike."""
        about = {
            "from": self.since.isoformat(),
            "operator": self.operator,
            "to": self.until.isoformat(),
        }
        return json.dumps(about, sort_keys=True, separators=(",", ":"))


def publish(
    db: sessionmaker[Session],
    publication: Publication,
    render: Callable[[Report], Renderings],
    language: Language,
) -> PublishedFigure:
    """Publish the report; the row that was stored. `language` is the one revisions are compared in.

    Raises `DoesNotFoot` for a report that does not add up, `WrongUsage` for a revision without a
    reason, `Conflict` when nothing changed or somebody else published at the same time.
    """
    check(publication.report)
    with db() as tx:
        before = latest(tx, publication.report.kind, publication.parameters)
        number = next_number(tx)
        old = file_of(tx, before, language.code, "json").body if before else None
    reason = " ".join(publication.reason.split())[:LONGEST_REASON]
    report = publication.report
    if before is not None and old is not None:
        if not reason:
            raise WrongUsage(
                "This was published before, as number %(number)s; please give the reason for the"
                " revision.",
                number=before.number,
            )
        report = _revised(report, old, before, reason, language)
    revision = before.revision + 1 if before else 1
    figure = _figure(publication, number, revision, reason)
    with TemporaryFile() as file:
        waiting = _set_down(render(_numbered(report, figure)), file)
        return _store(db, figure, waiting, file, before)


@dataclass(frozen=True, slots=True, order=True)
class _Waiting:
    """A rendering in a file, from `start` on, so many bytes long."""

    language: str
    format: str
    sha256: str
    start: int
    size: int


def _set_down(renderings: Renderings, file: IO[bytes]) -> list[_Waiting]:
    """Write every rendering into `file`; where each is, in the order of language and format."""
    found = []
    for (language, name), body in renderings:
        digest, start = hashlib.sha256(body).hexdigest(), file.tell()
        found.append(_Waiting(language, name, digest, start, file.write(body)))
    return sorted(found)


def _revised(
    report: Report, old: bytes, before: PublishedFigure, reason: str, language: Language
) -> Report:
    """The report with what it changes, in figures and in words."""
    new = BytesIO()
    write_json(report, language, new)
    was, this = tables_of(old), tables_of(new.getvalue())
    refuse_unchanged(was, this, before.number)
    added = changes(was, this, report)
    note = Sentence(
        "This revision replaces number %(number)s of %(at)s. Reason: %(reason)s",
        {"number": str(before.number), "at": before.published_at, "reason": reason},
    )
    return replace(report, tables=(*report.tables, added), notes=(note, *report.notes))


def _figure(publication: Publication, number: int, revision: int, reason: str) -> PublishedFigure:
    return PublishedFigure(
        number=number,
        kind=publication.report.kind,
        parameters=publication.parameters,
        revision=revision,
        since=publication.since,
        until=publication.until,
        operator=publication.operator,
        reason=reason or None,
        as_of=publication.report.as_of,
        published_at=publication.now,
        published_by=publication.by,
    )


def _numbered(report: Report, figure: PublishedFigure) -> Report:
    """The report with its number, its revision and when it was published."""
    told = (
        Parameter(Column("number", "Published as number", Kind.COUNT), figure.number),
        Parameter(Column("revision", "Revision", Kind.COUNT), figure.revision),
        Parameter(Column("published_at", "Published at", Kind.INSTANT), figure.published_at),
    )
    return replace(report, parameters=(*report.parameters, *told))


def _store(
    db: sessionmaker[Session],
    figure: PublishedFigure,
    waiting: Iterable[_Waiting],
    file: IO[bytes],
    before: PublishedFigure | None,
) -> PublishedFigure:
    with db.begin() as tx:
        _alone(tx)
        now = latest(tx, figure.kind, figure.parameters)
        if next_number(tx) != figure.number or (now and now.id) != (before and before.id):
            raise Conflict("Somebody else published at this very moment; please try again.")
        tx.add(figure)
        tx.flush()
        for one in waiting:
            file.seek(one.start)
            add_now(tx, PublishedFile, {
                "figure_id": figure.id, "language": one.language, "format": one.format,
                "sha256": one.sha256, "body": file.read(one.size),
            })  # fmt: skip
        detail: dict[str, object] = {
            "kind": figure.kind,
            "parameters": figure.parameters,
            "revision": figure.revision,
            "reason": figure.reason,
        }
        audit.append(
            tx, figure.published_by, "figure.publish", subject(figure), detail, figure.published_at
        )
    return figure


def subject(figure: PublishedFigure) -> str:
    """A published figure in the audit trail."""
    return f"figure:{figure.number}"


def _alone(tx: Session) -> None:
    """One publication at a time, so that numbers have no gaps; SQLite's writers are alone anyway."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("LOCK TABLE published_figure IN SHARE ROW EXCLUSIVE MODE"))


def next_number(tx: Session) -> int:
    """The number of the next publication."""
    return int(tx.scalar(select(sql.coalesce(sql.max(PublishedFigure.number), 0))) or 0) + 1


def latest(tx: Session, kind: str, parameters: str) -> PublishedFigure | None:
    """The newest revision of a figure; None when it was never published."""
    return tx.scalar(
        select(PublishedFigure)
        .where(PublishedFigure.kind == kind, PublishedFigure.parameters == parameters)
        .order_by(PublishedFigure.revision.desc())
        .limit(1)
    )


def published(tx: Session, operator: str | None, most: int = 200) -> Sequence[PublishedFigure]:
    """The newest publications of one operator (by label) or of all, the newest first."""
    query = select(PublishedFigure).order_by(PublishedFigure.number.desc()).limit(most)
    if operator is not None:
        query = query.where(PublishedFigure.operator == operator)
    return tx.scalars(query).all()


def figure_numbered(tx: Session, number: int, operator: str | None) -> PublishedFigure:
    """The publication of that number, if this operator's people may see it. Raises `NotFound`."""
    found = tx.scalar(select(PublishedFigure).where(PublishedFigure.number == number))
    if found is None or operator not in (None, found.operator):
        raise NotFound("There is no published figure number %(number)s.", number=number)
    return found


def revisions(tx: Session, figure: PublishedFigure) -> Sequence[PublishedFigure]:
    """Every revision of the same figure, the first one first."""
    return tx.scalars(
        select(PublishedFigure)
        .where(PublishedFigure.kind == figure.kind, PublishedFigure.parameters == figure.parameters)
        .order_by(PublishedFigure.revision)
    ).all()


def files_of(tx: Session, figure: PublishedFigure) -> list[tuple[str, str, str, int]]:
    """(language, format, SHA-256, bytes) of everything stored of a figure."""
    size = sql.length(PublishedFile.body)
    query = select(PublishedFile.language, PublishedFile.format, PublishedFile.sha256, size)
    mine = query.where(PublishedFile.figure_id == figure.id)
    rows = tx.execute(mine.order_by(PublishedFile.language.desc(), PublishedFile.format))
    return [(row[0], row[1], row[2], int(row[3])) for row in rows]


def file_of(tx: Session, figure: PublishedFigure, language: str, format_name: str) -> PublishedFile:
    """One rendering, byte for byte as it was published. Raises `NotFound`."""
    found = tx.get(PublishedFile, (figure.id, language, format_name))
    if found is None:
        raise NotFound(
            "Number %(number)s was not published as %(format)s in %(language)s.",
            number=figure.number, format=format_name, language=language,
        )  # fmt: skip
    return found
