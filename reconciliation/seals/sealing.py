"""Sealing: what was recorded some while ago joins the chain, block by block, off the hot path.

Ids are handed out before their rows are committed, so a row may become visible after rows with later
ids. Only what lies further back than any transaction can still be running is sealed: then no row
with an earlier key can come. Ids tell the time of the machine, whatever time is played.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import pack
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from payments.db import add_once, id_before, new_id
from payments.errors import Conflict
from reconciliation.days import IN_FLIGHT
from reconciliation.seals.canonical import Layout, keyed_lines, newest, sources
from reconciliation.seals.models import Seal

#: Rows in a block, and blocks in a transaction.
BLOCK, BLOCKS = 1_000, 20

#: What the first seal names as the one before it.
GENESIS = "0" * 64

#: How long the oldest transaction that writes has been running.
_OLDEST_WRITER = text(
    "SELECT clock_timestamp() - min(xact_start) FROM pg_stat_activity"
    " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Head:
    """The last seal of the chain, by which everything before it can be held to account."""

    number: int = 0
    digest: str = GENESIS


@dataclass(frozen=True, slots=True)
class Turn:
    """One run: when by the house's clock, how far it stays behind the present, and whom it tells how
    many rows of which table it sealed."""

    now: datetime
    behind: timedelta = IN_FLIGHT
    block: int = BLOCK
    watch: Callable[[str, int], object] = lambda _source, _rows: None


def seal(db: sessionmaker[Session], turn: Turn) -> int:
    """Seal every row that lies far enough back and is not sealed yet; how many rows. A run that died
    leaves whole blocks, and the next one goes on."""
    total = 0
    for source in sources():
        form, sealed = newest(source), turn.block
        while sealed:
            with db.begin() as tx:
                sealed = _seal_some(tx, form, turn)
            total += sealed
    return total


def head(tx: Session) -> Head:
    """The last seal there is."""
    last = select(Seal.number, Seal.digest).order_by(Seal.number.desc()).limit(1)
    found = tx.execute(last).first()
    return Head(*found) if found else Head()


def _seal_some(tx: Session, form: Layout, turn: Turn) -> int:
    """At most `BLOCKS` blocks of one table; how many rows, 0 when none is left."""
    until = _nothing_earlier_comes(tx, turn.behind) * len(form.key)
    after, before, sealed = sealed_until(tx, form), head(tx), 0
    for _ in range(BLOCKS):
        found = keyed_lines(tx, form, after, until, turn.block)
        if not found:
            break
        before = _append(tx, form, found, before, turn.now)
        after, sealed = found[-1][0], sealed + len(found)
        turn.watch(form.source, len(found))
    return sealed


def _nothing_earlier_comes(tx: Session, behind: timedelta) -> str:
    """A key that no row still to come lies before, as 32 digits."""
    running = timedelta()
    if tx.get_bind().dialect.name == "postgresql":  # SQLite's writers are alone
        running = tx.execute(_OLDEST_WRITER).scalar_one() or running
    return id_before(new_id(), behind + running).hex


def sealed_until(tx: Session, form: Layout) -> str:
    """The key of the last row of the table's last block."""
    mine = select(Seal.last).where(Seal.source == form.source)
    return tx.scalar(mine.order_by(Seal.last.desc()).limit(1)) or form.nowhere


def _append(
    tx: Session, form: Layout, found: Sequence[tuple[str, str]], before: Head, now: datetime
) -> Head:
    """Write the next seal. Raises `Conflict` when somebody else sealed meanwhile."""
    told = [line for _, line in found]
    values: dict[str, Any] = {
        "number": before.number + 1,
        "source": form.source,
        "form": form.version,
        "first": found[0][0],
        "last": found[-1][0],
        "count": len(found),
        "rows": digest_of(told),
        "marks": marks_of(told),
        "sealed_at": now,
        "previous": before.digest,
    }
    values["digest"] = link(**values)
    if not add_once(tx, Seal, values):
        raise Conflict("Somebody else is sealing at this moment.")
    return Head(before.number + 1, values["digest"])


def digest_of(lines: Sequence[str]) -> str:
    """SHA-256 of a block's canonical bytes."""
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def marks_of(lines: Sequence[str]) -> bytes:
    """Four bytes for each row. They prove nothing: they help to find what the digest says is off."""
    sums = [zlib.crc32(line.encode()) for line in lines]
    return pack(f">{len(sums)}I", *sums)


def link(
    *, number: int, source: str, form: int, first: str, last: str, count: int, rows: str,
    marks: bytes, sealed_at: datetime, previous: str,
) -> str:  # fmt: skip
    """The digest of a seal: SHA-256 over everything it says, the digest of the one before included."""
    at = sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    parts = (number, source, form, first, last, count, rows, marks.hex(), at, previous)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()
