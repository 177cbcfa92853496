"""The canonical bytes of rows: the same on every database, made by the database itself.

A row is one line of fields with a blank between them: a text as ``bytes:text`` (its length in UTF-8
comes first, so no content can look like the end of it), numbers in digits, ids as 32 hexadecimal
digits, instants in UTC with microseconds, NULL as ``-``. Each field tells where it ends, so two rows
with the same line are the same row. A block is its rows' lines, in the order of their keys, a line
feed after each.

Keys are UUIDv7 of `payments.db.new_id`, so their order is that of recording. A block's seal remembers
the form it was written in: a column added to a table later gets a new form, and old blocks keep theirs.

Rows that may change are sealed by what never does (a payment, a rule, a file as it came), or by their
log: decisions about a rule stand in ``audit``, lines that a rule names (``other_line``) in
``assignment_log``, money that it sets aside (``set_aside``) in ``transfer``. Proofs hold these rows to
those logs (`proofs.rules`, `proofs.books`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Boolean, Date, String, TextClause, Uuid, text
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from payments.db import Base, UtcDateTime
from payments.ledger import ATTACHED

#: Before every key there is.
NOWHERE = "0" * 32


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows of the table `source` become lines: the names in `columns` in this order, rows by
    `key`, which may stand in another table of the `origin`; ``r`` is the table itself."""

    source: str
    columns: str
    key: tuple[str, ...] = ("r.id",)
    origin: str = ""
    version: int = 1

    @property
    def nowhere(self) -> str:
        """Before the first row."""
        return NOWHERE * len(self.key)


#: An attachment has no id of its own; the transfer it caused, written with it, has.
_CAUSED = (
    "attachment AS r CROSS JOIN transfer AS t"
    f" WHERE t.movement_id = r.movement_id AND t.kind = '{ATTACHED.kind}' AND"
)

#: Everything that is sealed, in the order a run seals it. Of a payment only what never changes: its
#: state is a fold of what is sealed. Its description may be forgotten, and so is not part of it. Bytes and
#: JSON are sealed by their digests.
FORMS = (
    Layout(
        "payment",
        "id number code account_id reference intent amount currency cost_centre product method"
        " created_at expires_at",
    ),
    Layout(
        "notice",
        "id account_id key payment_id refund_id order_code status source stale event_at"
        " recorded_at digest",
    ),
    Layout(
        "movement",
        "id account_id kind rail_ref occurrence amount currency payment_id refund_id notice_id"
        " event_at recorded_at book_day",
    ),
    Layout("retelling", "movement_id notice_id", key=("r.notice_id", "r.movement_id")),
    Layout(
        "transfer",
        "id operator kind debit credit amount currency movement_id refund_id cause book_day"
        " recorded_at",
    ),
    Layout(
        "attachment", "movement_id payment_id actor reason at", key=("t.id",), origin=_CAUSED
    ),
    Layout("audit", "id at actor act subject digest"),
    Layout(
        "statement_line",
        "id statement_id account_id leg position line_ref occurrence kind order_code rail_ref"
        " event_at book_day gross fee net currency text batch",
    ),
    Layout(
        "assignment_log", "id at actor act leg line_id counterpart_id rule rule_set"
    ),
    Layout("break_act", "id break_id at actor act reason amount owner cause together digest"),
    Layout("statement_mapping", "id account_id version means note by at"),
    Layout("statement_mapping", "id account_id version means digest note by at", version=2),
    Layout("upload", "id account_id name sha256 offered_by offered_at"),
    Layout(
        "statement",
        "id account_id leg day name sha256 complete received_at count gross fee net",
    ),
    Layout(
        "line_rule",
        "id series version operator account_id kind tolerance leg words sign least most label"
        " proposed_by proposed_at",
    ),
    Layout(
        "line_rule",
        "id series version operator account_id kind tolerance days leg words sign least most label"
        " proposed_by proposed_at",
        version=2,
    ),
    Layout(
        "line_rule",
        "id series version operator account_id kind tolerance days leg words party sign least most label"
        " proposed_by proposed_at",
        version=3,
    ),
    Layout(
        "published_figure",
        "id number kind parameters revision since until operator reason as_of published_at"
        " published_by",
    ),
    Layout(
        "hand_match",
        "id account_id act line_id movement_id amount difference currency proposed_by proposed_at",
    ),
    Layout("published_file", "id figure_id language format sha256"),
    Layout(
        "certificate",
        "id operator day number revision sha256 previous closed_at closed_by",
    ),
)  # fmt: skip


def newest(source: str) -> Layout:
    """The form new blocks of `source` are written in."""
    return max((form for form in FORMS if form.source == source), key=lambda form: form.version)


def form_of(source: str, version: int) -> Layout | None:
    """The form an old block was written in; None when nobody ever wrote such a block."""
    found = (form for form in FORMS if (form.source, form.version) == (source, version))
    return next(found, None)


def sources() -> tuple[str, ...]:
    """The tables that are sealed."""
    return tuple(dict.fromkeys(form.source for form in FORMS))


def lines(tx: Session, form: Layout, after: str, until: str, limit: int = -1) -> Sequence[str]:
    """The lines of the rows with a key after `after` and at most `until`, at most `limit` (-1: all)."""
    return [line for (line,) in _fetch(tx, _line(form, _dialect(tx)), form, after, until, limit)]


def keyed_lines(
    tx: Session, form: Layout, after: str, until: str, limit: int = -1
) -> Sequence[tuple[str, str]]:
    """(key, line) of the same rows."""
    dialect = _dialect(tx)
    wanted = f"{_key(form, dialect)}, {_line(form, dialect)}"
    return [(key, line) for key, line in _fetch(tx, wanted, form, after, until, limit)]


def count(tx: Session, form: Layout, after: str, until: str) -> int:
    """How many rows have a key after `after` and at most `until`."""
    return int(tx.connection().execute(_select("count(*)", form, _dialect(tx)),
                                       _bounds(form, after, until)).scalar_one())  # fmt: skip


def _fetch(
    tx: Session, wanted: str, form: Layout, after: str, until: str, limit: int
) -> Iterable[tuple[str, ...]]:
    """Rows as the driver gives them: an object for each would cost more than hashing it."""
    ordered = f"ORDER BY {', '.join(form.key)}" + (f" LIMIT {limit}" if limit >= 0 else "")
    statement = _select(wanted, form, _dialect(tx), ordered)
    cursor = tx.connection().execute(statement, _bounds(form, after, until)).cursor
    return cursor.fetchall()


def _dialect(tx: Session) -> str:
    return tx.get_bind().dialect.name


@cache
def _select(wanted: str, form: Layout, dialect: str, ordered: str = "") -> TextClause:
    origin = form.origin or f"{form.source} AS r WHERE"
    key = f"({', '.join(form.key)})" if len(form.key) > 1 else form.key[0]
    after, until = (_placeholder(form, dialect, side) for side in ("after", "until"))
    return text(f"SELECT {wanted} FROM {origin} {key} > {after} AND {key} <= {until} {ordered}")


def _placeholder(form: Layout, dialect: str, side: str) -> str:
    cast = "CAST(:{} AS uuid)" if dialect == "postgresql" else ":{}"
    parts = ", ".join(cast.format(f"{side}{place}") for place in range(len(form.key)))
    return f"({parts})" if len(form.key) > 1 else parts


def _bounds(form: Layout, after: str, until: str) -> Mapping[str, str]:
    return {
        f"{side}{place}": whole[32 * place : 32 * place + 32]
        for side, whole in (("after", after), ("until", until))
        for place in range(len(form.key))
    }


@cache
def _key(form: Layout, dialect: str) -> str:
    return " || ".join(_field(name, Uuid(), dialect) for name in form.key)


@cache
def _line(form: Layout, dialect: str) -> str:
    table = Base.metadata.tables[form.source]
    fields = (_field(f"r.{name}", table.c[name].type, dialect) for name in form.columns.split())
    return " || ' ' || ".join(f"coalesce({field}, '-')" for field in fields)


def _field(name: str, kind: TypeEngine[Any], dialect: str) -> str:
    """SQL of a column's value as text, NULL where it is NULL."""
    if isinstance(kind, String):
        size = (
            f"octet_length({name})" if dialect == "postgresql" else f"length(CAST({name} AS BLOB))"
        )
        return f"{size} || ':' || {name}"
    if dialect != "postgresql":
        return f"CAST({name} AS text)"  # ids, instants and days are texts here, booleans numbers
    if isinstance(kind, Uuid):
        return f"replace(CAST({name} AS text), '-', '')"
    if isinstance(kind, UtcDateTime):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    if isinstance(kind, Date):
        return f"to_char({name}, 'YYYY-MM-DD')"
    if isinstance(kind, Boolean):
        return f"CAST(CAST({name} AS integer) AS text)"
    return f"CAST({name} AS text)"
