"""Reports as files: which formats there are, what they are called and what they are served as."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from parking.languages import LANGUAGES, mark
from parking.reports.asked import Asked
from parking.reports.speech import speak
from payments.errors import NotFound
from reconciliation.reports.csv_file import write_csv
from reconciliation.reports.json_file import write_json
from reconciliation.reports.paper.pdf_file import write_pdf
from reconciliation.reports.table import Language, Report
from reconciliation.reports.xlsx_file import write_xlsx


@dataclass(frozen=True, slots=True)
class Format:
    """How a report is written and served."""

    write: Callable[[Report, Language, IO[bytes]], None]
    content_type: str


FORMATS = {
    "csv": Format(write_csv, "text/csv; charset=utf-8"),
    "xlsx": Format(write_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": Format(write_pdf, "application/pdf"),
    "json": Format(write_json, "application/json"),
}


def format_named(name: str) -> Format:
    """The format of that name. Raises `NotFound` naming those there are."""
    if name not in FORMATS:
        raise NotFound(
            mark("There is no format %(format)s; there are %(known)s."),
            format=name[:40], known=", ".join(FORMATS),
        )  # fmt: skip
    return FORMATS[name]


def write_into(file: IO[bytes], report: Report, format_name: str, language: str) -> None:
    """Write the report to a file, rows and pages as they come: the same rows, the same bytes."""
    format_named(format_name).write(report, speak(language), file)


def written(report: Report, format_name: str, language: str) -> bytes:
    """The bytes `write_into` writes, for what is kept as a whole."""
    out = BytesIO()
    write_into(out, report, format_name, language)
    return out.getvalue()


def every_rendering(report: Report) -> Iterator[tuple[tuple[str, str], bytes]]:
    """(language, format) and bytes, of every language and format there is, one after another."""
    for language in LANGUAGES:
        for name in FORMATS:
            yield (language, name), written(report, name, language)


def file_name(kind: str, asked: Asked, language: str, format_name: str) -> str:
    """What the file is called where it is downloaded to."""
    days = asked.since.isoformat()
    if asked.until != asked.since:
        days += f"_{asked.until.isoformat()}"
    whose = f"-{asked.operator}" if asked.operator else ""
    return f"parking-{kind}-{days}{whose}-{language}.{format_name}"
