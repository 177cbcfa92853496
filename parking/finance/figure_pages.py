"""Published figures: the list, one with its revisions and what they changed, and its bytes."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from parking.finance.report_pages import as_file
from parking.house import House
from parking.people.guard import the_badge
from parking.reports.asked import operator_names
from parking.reports.kinds import KINDS
from parking.reports.written import format_named
from parking.web.actors import names_of
from parking.web.language import reader_language
from reconciliation.reports.changes import CHANGES
from reconciliation.reports.publishing import (
    figure_numbered,
    file_of,
    files_of,
    published,
    revisions,
)  # fmt: skip


def add(pages: Blueprint, house: House) -> None:
    """Put the published figures into `pages`."""

    @pages.get("/figures")
    def published_figures() -> ResponseReturnValue:
        with house.databases.read() as tx:
            found = published(tx, the_badge().operator)
            return render_template(
                "finance/figures.html",
                figures=found,
                kinds=KINDS,
                operators=operator_names(tx),
                who=names_of(tx, {row.published_by for row in found}),
            )

    @pages.get("/figures/<int:number>")
    def published_figure(number: int) -> ResponseReturnValue:
        return _figure(house, number)

    @pages.get("/figures/<int:number>/<language>.<format_name>")
    def published_file(number: int, language: str, format_name: str) -> ResponseReturnValue:
        wanted = format_named(format_name)
        with house.databases.read() as tx:
            figure = figure_numbered(tx, number, the_badge().operator)
            body = file_of(tx, figure, language, format_name).body
        name = f"parking-{figure.kind}-{number}-{language}.{format_name}"
        return as_file(body, wanted.content_type, name)


def _figure(house: House, number: int) -> ResponseReturnValue:
    with house.databases.read() as tx:
        figure = figure_numbered(tx, number, the_badge().operator)
        rows = revisions(tx, figure)
        return render_template(
            "finance/figure.html",
            figure=figure,
            title=KINDS[figure.kind].title if figure.kind in KINDS else figure.kind,
            operator=operator_names(tx).get(figure.operator or "", figure.operator),
            revisions=rows,
            files=files_of(tx, figure),
            changes=_changes(file_of(tx, figure, reader_language(), "json").body),
            who=names_of(tx, {row.published_by for row in rows}),
        )


def _changes(body: bytes) -> list[dict[str, Any]]:
    """What the document says it changed, in its own words; nothing for a first publication."""
    table = json.loads(body)["tables"].get(CHANGES)
    if table is None:
        return []
    words = {column["key"]: column.get("words", {}) for column in table["columns"]}
    return [
        {key: words[key].get(cell, cell) if isinstance(cell, str) else cell
         for key, cell in row.items()}
        for row in table["rows"]
    ]  # fmt: skip
