"""Recomputing the chain from the rows: what was changed, removed or slipped in since it was sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from struct import iter_unpack

from sqlalchemy import select
from sqlalchemy.orm import Session

from reconciliation.proofs.violation import Violation
from reconciliation.seals.canonical import (
    Layout,
    count,
    form_of,
    keyed_lines,
    lines,
    newest,
    sources,
)
from reconciliation.seals.models import Seal
from reconciliation.seals.sealing import Head, digest_of, link, marks_of, sealed_until

CHAIN, ROWS = "seals_form_a_chain", "seals_equal_their_rows"

#: Seals held in memory at once; each carries four bytes of every row it covers.
PAGE = 200

#: After every key there is.
EVERYWHERE = "f" * 32

Watch = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Block:
    """A seal without its marks, and where the block of its table before it ends."""

    number: int
    source: str
    form: int
    first: str
    last: str
    count: int
    rows: str
    after: str = ""

    @property
    def name(self) -> str:
        return f"seal {self.number}: {self.source} {self.first}..{self.last}"


def chain_holds(tx: Session, expected: Head | None = None) -> Iterator[Violation]:
    """Every seal says what its digest says, names the one before it, and none is missing; the one
    that somebody kept elsewhere (`expected`) is in its place."""
    before = Head()
    seals = select(Seal).order_by(Seal.number).execution_options(yield_per=PAGE)
    columns = [column.key for column in Seal.__table__.columns if column.key != "digest"]
    for (found,) in tx.execute(seals):
        name = f"seal {found.number}"
        if found.number != before.number + 1:
            yield Violation(CHAIN, name, f"follows on seal {before.number}")
        if found.previous != before.digest:
            yield Violation(CHAIN, name, "names another seal before it than there is")
        if found.digest != link(**{column: getattr(found, column) for column in columns}):
            yield Violation(CHAIN, name, "says something else than it said when it was made")
        before = Head(found.number, found.digest)
        if expected and expected.number == found.number and expected != before:
            yield Violation(CHAIN, name, "is not the seal that was kept elsewhere")
        tx.expunge(found)
    if expected and expected.number > before.number:
        yield Violation(CHAIN, f"seal {expected.number}", "missing: the chain ends before it")


def rows_hold(tx: Session, watch: Watch = lambda _rows: None) -> Iterator[Violation]:
    """The rows of every block are those that were sealed. `watch` hears how many rows were read."""
    for source in sources():
        for block in _blocks(tx, source):
            form = form_of(source, block.form)
            if form is None:
                yield Violation(ROWS, block.name, f"written in a form {block.form} nobody knows")
                continue
            found = lines(tx, form, block.after, block.last)
            if len(found) != block.count or digest_of(found) != block.rows:
                yield from _what_is_off(tx, form, block)
            watch(block.count)


def unsealed(tx: Session) -> int:
    """How many rows came after the last block of their table."""
    total = 0
    for form in map(newest, sources()):
        total += count(tx, form, sealed_until(tx, form), EVERYWHERE * len(form.key))
    return total


def _blocks(tx: Session, source: str) -> Iterator[Block]:
    """The blocks of one table in their order, read a page at a time: rows are asked for in between."""
    names = ("number", "source", "form", "first", "last", "count", "rows")
    columns = [getattr(Seal, name) for name in names]
    after = newest(source).nowhere
    while page := tx.execute(
        select(*columns)
        .where(Seal.source == source, Seal.last > after)
        .order_by(Seal.last)
        .limit(PAGE)
    ).all():
        for seal in page:
            yield replace(Block(*seal), after=after)
            after = seal.last


def _what_is_off(tx: Session, form: Layout, block: Block) -> Iterator[Violation]:
    """The rows of a block that are not as they were sealed, as far as their marks tell."""
    found = keyed_lines(tx, form, block.after, block.last)
    marks = tx.execute(select(Seal.marks).where(Seal.number == block.number)).scalar_one()
    were = [mark for (mark,) in iter_unpack(">I", marks[: len(marks) // 4 * 4])]
    are = [mark for (mark,) in iter_unpack(">I", marks_of([line for _, line in found]))]
    keys = [key for key, _ in found]
    named = False
    for act, since, until, place, end in SequenceMatcher(None, were, are, False).get_opcodes():
        if act != "equal":
            named = True
            yield Violation(ROWS, block.name, _words(keys, until - since, place, end, block.after))
    if not named:
        yield Violation(ROWS, block.name, "not the rows that were sealed")


def _words(keys: list[str], gone: int, place: int, end: int, after: str) -> str:
    """What became of `gone` sealed rows, in whose place those from `place` to before `end` stand."""
    here = keys[place:end]
    changed, slipped_in = here[:gone], here[gone:]
    parts = []
    if changed:
        parts.append(f"changed: {', '.join(changed)}")
    if slipped_in:
        parts.append(f"slipped in: {', '.join(slipped_in)}")
    if gone > len(here):
        behind = keys[end - 1] if end else after
        parts.append(f"{gone - len(here)} removed after {behind}")
    return "; ".join(parts)
