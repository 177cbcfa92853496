"""A report as a file for a browser."""

from __future__ import annotations

from contextlib import ExitStack
from tempfile import TemporaryFile

from flask import Response, send_file

from parking.reports.written import format_named, write_into
from parking.web.language import reader_language
from reconciliation.reports.table import Report


def sent(report: Report, format_name: str, name: str) -> Response:
    """The report in the reader's language, saved under `name`: written to the end, then sent piece by
    piece. Raises `NotFound` for a format we do not have."""
    wanted = format_named(format_name)
    with ExitStack() as undo:
        file = undo.enter_context(TemporaryFile())
        write_into(file, report, format_name, reader_language())
        size = file.tell()
        file.seek(0)
        undo.pop_all()  # the answer closes it when it has gone out
    answer = send_file(file, "application/octet-stream", as_attachment=True, download_name=name)
    # set whole: given to `send_file`, a type that names its letters would name them twice
    answer.headers["Content-Type"] = wanted.content_type
    answer.content_length = size
    return answer
