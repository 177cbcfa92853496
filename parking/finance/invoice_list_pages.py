"""A list for the invoice provider as a file. Whoever downloads one sees companies: it is written down."""

from __future__ import annotations

from io import BytesIO

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from parking.house import House
from parking.languages import mark
from parking.lots.service import operator_by_code
from parking.people.guard import the_badge
from parking.reports.speech import speak
from parking.reports.written import format_named, write_into
from parking.tax.desk import on_list
from parking.tax.provider_list import NAME, provider_list
from parking.web.language import reader_language
from payments import audit
from payments.errors import NotFound
from reconciliation.reports.csv_file import write_csv
from reconciliation.reports.table import Report


def add(pages: Blueprint, house: House) -> None:
    """Put the files into `pages`."""

    @pages.post("/invoices/of/<operator>/<int(max=999999):number>.<any(csv, xlsx):format>")
    def invoice_list_file(operator: str, number: int, format: str) -> ResponseReturnValue:
        return _file(house, operator, number, format)


def _file(house: House, code: str, number: int, kind: str) -> Response:
    badge = the_badge()
    if badge.operator not in (None, code):
        raise NotFound(mark("There is no such list of invoices."))
    with house.databases.write.begin() as tx:
        rows = on_list(tx, house.gateways.vault, operator_by_code(tx, code), number)
        content = _written(provider_list(tx, rows, number), kind)
        name, detail = f"invoices-{code}-{number}", {"rows": len(rows), "format": kind}
        audit.append(tx, badge.actor, "invoice.download", name, {**detail}, house.clock())
    response = Response(content, content_type=format_named(kind).content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _written(report: Report, kind: str) -> bytes:
    """The file; a CSV is just headings and rows, as a program that imports it wants them."""
    language, out = reader_language(), BytesIO()
    if kind == "csv":
        write_csv(report, speak(language), out, NAME)
    else:
        write_into(out, report, kind, language)
    return out.getvalue()
