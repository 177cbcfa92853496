"""Reports as files: which formats there are, what they are called and what they are served as."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from parking.languages import LANGUAGES, mark
from parking.reports.asked import Asked
from parking.reports.speech import speak
from payments.errors import NotFound
from reconciliation.reports.csv_file import as_csv
from reconciliation.reports.json_file import as_json
from reconciliation.reports.paper.pdf_file import as_pdf
from reconciliation.reports.table import Language, Report
from reconciliation.reports.xlsx_file import write_xlsx


@dataclass(frozen=True, slots=True)
class Format:
    """How a report is written and served."""

    write: Callable[[Report, Language], bytes]
    content_type: str


def _as_xlsx(report: Report, language: Language) -> bytes:
    out = BytesIO()
    write_xlsx(report, language, out)
    return out.getvalue()


FORMATS = {
    "csv": Format(as_csv, "text/csv; charset=utf-8"),
    "xlsx": Format(_as_xlsx, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": Format(as_pdf, "application/pdf"),
    "json": Format(as_json, "application/json"),
}


def format_named(name: str) -> Format:
    """The format of that name. Raises `NotFound` naming those there are."""
    if name not in FORMATS:
        raise NotFound(
            mark("There is no format %(format)s; there are %(known)s."),
            format=name[:40], known=", ".join(FORMATS),
        )  # fmt: skip
    return FORMATS[name]


def written(report: Report, format_name: str, language: str) -> bytes:
    """The report's bytes: the same rows, the same bytes."""
    return format_named(format_name).write(report, speak(language))


def write_into(file: IO[bytes], report: Report, format_name: str, language: str) -> None:
    """As `written`; a workbook goes to the file row by row."""
    if format_name == "xlsx":
        write_xlsx(report, speak(language), file)
    else:
        file.write(written(report, format_name, language))


def every_rendering(report: Report) -> dict[tuple[str, str], bytes]:
    """(language, format) → bytes, of every language and format there is."""
    return {
        (language, name): written(report, name, language)
        for language in LANGUAGES
        for name in FORMATS
    }


def file_name(kind: str, asked: Asked, language: str, format_name: str) -> str:
    """What the file is called where it is downloaded to."""
    days = asked.since.isoformat()
    if asked.until != asked.since:
        days += f"_{asked.until.isoformat()}"
    whose = f"-{asked.operator}" if asked.operator else ""
    return f"parking-{kind}-{days}{whose}-{language}.{format_name}"
