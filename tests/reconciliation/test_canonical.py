"""Canonical bytes: the same on both databases, as a reader in Python writes them, and no two rows alike."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Date, String, Uuid, delete, insert, select

from payments.db import Base, Databases, UtcDateTime, new_id
from payments.models import APPEND_ONLY as MONEY
from payments.models import Transfer
from reconciliation.closing.models import APPEND_ONLY as CLOSING
from reconciliation.models import APPEND_ONLY as COMPARISON
from reconciliation.models import AssignmentLog
from reconciliation.published import APPEND_ONLY as PUBLISHED
from reconciliation.resolving.models import APPEND_ONLY as WORK
from reconciliation.rules.models import APPEND_ONLY as RULES
from reconciliation.seals.canonical import FORMS, Layout, keyed_lines, lines, newest, sources
from reconciliation.seals.sealing import digest_of
from reconciliation.uploads.models import APPEND_ONLY as UPLOADS
from tests.reconciliation.kit import World
from tests.reconciliation.sealed_kit import decide
from tests.reconciliation.test_invariants import unguarded
from tests.reconciliation.test_seals import fill

EVERYWHERE = "f" * 32

#: What is deliberately not sealed: a payment's fold and addresses, the bytes a digest stands for, JSON,
#: which each database writes in its own way, and what is added to a row later.
LEFT_OUT = {
    "payment": {
        "description", "return_url", "notify_url", "provider_ref", "checkout_url", "transfer",
        "state", "flags", "received", "reversed", "refunded", "paid_at", "book_day", "polls",
        "next_poll_at",
    },
    "certificate": {"body"},
    "statement_mapping": {"mapping"},
    "published_file": {"body"},
    "line_rule": {"approved_by", "approved_at", "retired_by", "retired_at"},
    "hand_match": {"outcome", "decided_by", "decided_at"},
    "statement": {
        "repeated_count", "repeated_gross", "repeated_fee", "repeated_net", "upload_id", "batch", "paid_by",
    },
    "upload": {
        "means", "mapping_id", "number", "since", "until", "opening", "closing", "entries", "state",
        "recorded", "tally", "confirmed_by", "confirmed_at",
    },
}  # fmt: skip

ALL = (*MONEY, *COMPARISON, *CLOSING, *PUBLISHED, *WORK, *RULES, *UPLOADS)

#: What an ordinary day has no row of.
WITHOUT_ROWS = {"certificate", "break_act", "hand_match"}

#: PostgreSQL keeps no NUL, and nothing that is no character.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
INSTANTS = st.timedeltas(timedelta(days=-9000), timedelta(days=60000)).map(
    lambda span: datetime(2026, 11, 20, tzinfo=UTC) + span
)
TRANSFERS = st.fixed_dictionaries({
    "operator": TEXTS, "kind": TEXTS, "debit": TEXTS, "credit": st.just("\n credit"),
    "amount": st.integers(1, 2**62), "currency": st.sampled_from(["VND", "USD"]),
    "cause": st.none() | TEXTS, "book_day": st.dates(date(1990, 1, 1), date(2200, 1, 1)),
    "recorded_at": INSTANTS,
})  # fmt: skip
MATCHES = st.fixed_dictionaries({
    "at": INSTANTS, "actor": TEXTS, "act": TEXTS, "leg": TEXTS, "line_id": st.uuids(),
    "counterpart_id": st.uuids(), "rule": TEXTS, "rule_set": st.integers(-(2**62), 2**62),
})  # fmt: skip


def written(value: object) -> str:
    """A field, apart from the code that it judges."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return f"{len(value.encode())}:{value}"
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, date):
        return value.isoformat()
    return str(int(value))  # type: ignore[call-overload]


def read(line: str, form: Layout) -> Iterator[object]:
    """The fields of a line: that they can be read back says that no two rows have the same one."""
    rest, table = line.encode(), Base.metadata.tables[form.source]
    for name in form.columns.split():
        kind = table.c[name].type
        if rest.startswith(b"- ") or rest == b"-":
            size = 1
        elif isinstance(kind, String):
            length = rest.split(b":", 1)[0]
            size = len(length) + 1 + int(length)
        elif isinstance(kind, UtcDateTime):
            size = 26
        elif isinstance(kind, Uuid | Date):
            size = 32 if isinstance(kind, Uuid) else 10
        else:
            size = len(rest.split(b" ", 1)[0])
        field, rest = rest[:size], rest[size + 1 :]
        yield field.decode()
    assert rest == b""


def test_every_append_only_table_is_sealed_with_all_its_columns() -> None:
    assert set(sources()) == {*ALL, "payment"}
    for source in sources():
        columns = {column.name for column in Base.metadata.tables[source].columns}
        told = newest(source).columns.split()
        assert set(told) == columns - LEFT_OUT.get(source, set()), (
            f"{source} has other columns than its newest form in reconciliation/seals/canonical.py:"
            " add a form with the next version, old blocks keep theirs"
        )
        assert len(told) == len(set(told))


def test_forms_are_never_mixed_up() -> None:
    assert len({(form.source, form.version) for form in FORMS}) == len(FORMS)


def test_rows_of_every_table_are_written_alike(world: World) -> None:
    fill(world)
    decide(world)
    kinds = {mapper.local_table.name: mapper.class_ for mapper in Base.registry.mappers}  # type: ignore[attr-defined]
    for form in FORMS:
        with world.databases.read() as tx:
            rows = tx.scalars(select(kinds[form.source])).all()
            found = lines(tx, form, form.nowhere, EVERYWHERE * len(form.key))
        names = form.columns.split()
        expected = [" ".join(written(getattr(row, name)) for name in names) for row in rows]
        assert sorted(found) == sorted(expected)
        assert all(" ".join(map(str, read(line, form))) == line for line in found)
        assert found or form.source in WITHOUT_ROWS


def test_whatever_a_row_holds_it_is_written_alike_and_can_be_read_back(
    databases: Databases,
) -> None:
    @given(st.lists(TRANSFERS, max_size=4), st.lists(MATCHES, max_size=4))
    @settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    def check(transfers: list[dict[str, Any]], matches: list[dict[str, Any]]) -> None:
        for kind, told in ((Transfer, _causes_differ(transfers)), (AssignmentLog, matches)):
            with databases.write.begin() as tx:
                tx.execute(delete(kind))
                rows = [{"id": new_id(), **row} for row in told]
                if rows:
                    tx.execute(insert(kind), rows)
            form = newest(kind.__tablename__)
            expected = {
                row["id"].hex: " ".join(written(row.get(name)) for name in form.columns.split())
                for row in rows
            }
            with databases.read() as tx:
                found = dict(keyed_lines(tx, form, form.nowhere, EVERYWHERE))
            assert found == expected
            assert all(" ".join(map(str, read(line, form))) == line for line in found.values())

    with databases.write.begin() as tx:
        unguarded(tx, Transfer, AssignmentLog)
    check()


def _causes_differ(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A cause is unique."""
    return list({row["cause"]: row for row in rows}.values())


@given(st.lists(TEXTS), st.lists(TEXTS))
def test_blocks_of_other_rows_have_another_digest(one: list[str], other: list[str]) -> None:
    """Whole lines only: a line feed inside a text is counted by its length."""
    lined = [[written(value) for value in rows] for rows in (one, other)]
    assert (digest_of(lined[0]) == digest_of(lined[1])) == (one == other)
