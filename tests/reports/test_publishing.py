"""Published figures: numbered, for ever the same bytes, and a revision says what it changes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from parking.reports.asked import Asked
from parking.reports.kinds import make
from parking.reports.publishing import publish_report
from parking.reports.speech import speak
from parking.reports.written import every_rendering
from payments.errors import Conflict, WrongUsage
from payments.models import Audit
from reconciliation.invariants import check
from reconciliation.published import APPEND_ONLY, PublishedFigure
from reconciliation.reports.footing import DoesNotFoot
from reconciliation.reports.publishing import (
    Publication,
    file_of,
    files_of,
    publish,
    published,
    revisions,
)  # fmt: skip
from tests.kit import Town
from tests.trace.conftest import Paid, paid, settle

__all__ = ["paid"]

DAY = date(2026, 11, 20)
BY = "person:lan"


def put_out(town: Town, reason: str = "", kind: str = "daily") -> PublishedFigure:
    return publish_report(town.house.databases, kind, Asked(DAY, DAY, None, town.now), BY, reason)


def body(town: Town, figure: PublishedFigure, language: str = "vi", name: str = "json") -> bytes:
    with town.house.databases.read() as tx:
        return file_of(tx, figure, language, name).body


def test_a_published_figure_is_fetched_again_byte_for_byte(paid: Paid) -> None:
    town = paid.town
    first = put_out(town)
    with town.house.databases.read() as tx:
        before = {row[:2]: (row[2], body(town, first, *row[:2])) for row in files_of(tx, first)}
    assert len(before) == 8
    settle(town)
    put_out(town, "the files came")
    with town.house.databases.read() as tx:
        assert {
            row[:2]: (row[2], body(town, first, *row[:2])) for row in files_of(tx, first)
        } == before
    told = json.loads(body(town, first))
    assert told["parameters"]["number"] == 1
    assert told["parameters"]["revision"] == 1


def test_a_revision_needs_a_reason_and_shows_what_changed(paid: Paid) -> None:
    town = paid.town
    put_out(town)
    settle(town)
    with pytest.raises(WrongUsage, match="as number 1; please give the reason"):
        put_out(town, "  ")
    second = put_out(town, "Tệp đối tác\nđến muộn")
    assert (second.number, second.revision, second.reason) == (2, 2, "Tệp đối tác đến muộn")
    told = json.loads(body(town, second, "en"))
    gross = paid.payment.amount + paid.other.amount
    changed = {(row["row"], row["figure"]): row for row in told["tables"]["changes"]["rows"]}
    assert changed["total", "by_lot.gross"] == {
        "table": "by_lot", "row": "total", "figure": "by_lot.gross",
        "old": 0, "new": gross, "difference": gross,
    }  # fmt: skip
    assert changed["DD01", "by_lot.gross"]["new"] == paid.other.amount
    assert "This revision replaces number 1" in told["notes"][0]
    assert "Tệp đối tác đến muộn" in told["notes"][0]
    with town.house.databases.read() as tx:
        assert [row.number for row in revisions(tx, second)] == [1, 2]
        assert [row.number for row in published(tx, None)] == [2, 1]
        assert published(tx, "hoan-kiem") == []
        assert tx.scalars(select(Audit.actor).where(Audit.act == "figure.publish")).all() == [
            BY,
            BY,
        ]


def test_the_very_same_figures_are_not_published_twice(paid: Paid) -> None:
    settle(paid.town)
    put_out(paid.town)
    with pytest.raises(Conflict, match="published already, as number 1"):
        put_out(paid.town, "once more")


def test_numbers_count_all_kinds_without_gaps(paid: Paid) -> None:
    settle(paid.town)
    assert [put_out(paid.town, kind=kind).number for kind in ("daily", "refunds", "shifts")] == [
        1,
        2,
        3,
    ]


def test_a_report_that_does_not_foot_is_not_published(paid: Paid) -> None:
    town = paid.town
    settle(town)
    asked = Asked(DAY, DAY, None, town.now)
    with town.house.databases.read() as tx:
        report = make(tx, "daily", asked)
    lots = report.table("by_lot")
    off = [
        cell + 1 if column.key == "count" and isinstance(cell, int) else cell
        for column, cell in zip(lots.columns, lots.totals or (), strict=True)
    ]
    wrong = [replace(table, totals=off) if table is lots else table for table in report.tables]
    broken = Publication(replace(report, tables=tuple(wrong)), DAY, DAY, None, BY, "", town.now)
    with pytest.raises(DoesNotFoot, match="difference 1"):
        publish(town.house.databases.write, broken, every_rendering, speak("vi"))
    with town.house.databases.read() as tx:
        assert published(tx, None) == []


def test_who_comes_second_is_told(paid: Paid) -> None:
    town = paid.town
    settle(town)
    with town.house.databases.read() as tx:
        report = make(tx, "daily", Asked(DAY, DAY, None, town.now))
    mine = Publication(report, DAY, DAY, None, BY, "", town.now)

    def render_slowly(made):  # type: ignore[no-untyped-def]
        put_out(town, kind="refunds")
        return every_rendering(made)

    with pytest.raises(Conflict, match="Somebody else published"):
        publish(town.house.databases.write, mine, render_slowly, speak("vi"))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_published_is_neither_changed_nor_removed(paid: Paid, table: str) -> None:
    put_out(paid.town)
    for act in (
        f"DELETE FROM {table}",
        f"UPDATE {table} SET {'sha256' if 'file' in table else 'kind'} = 'x'",
    ):
        with (
            paid.town.house.databases.write() as tx,
            pytest.raises(DBAPIError, match="append-only"),
        ):
            tx.execute(text(act))


def test_verify_finds_other_bytes_under_a_published_figure(paid: Paid) -> None:
    put_out(paid.town)
    engine = paid.town.house.databases.engine
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER published_file_no_update"))
        else:
            connection.execute(text("ALTER TABLE published_file DISABLE TRIGGER ALL"))
        connection.execute(
            text("UPDATE published_file SET body = :body WHERE format = 'csv' AND language = 'vi'"),
            {"body": b"x"},
        )
    with paid.town.house.databases.read() as tx:
        found = {(one.rule, one.row) for one in check(tx)}
    assert ("published_files_equal_their_hashes", "published figure 1 vi.csv") in found
