"""`parking verify`: does everything in the database still add up, and is it what was sealed?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import click
from sqlalchemy import func as sql
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import proofs
from parking.commands.inputs import Build
from parking.commands.speech import tell
from parking.languages import mark
from payments.errors import WrongUsage
from reconciliation import invariants
from reconciliation.invariants import Violation
from reconciliation.proofs.closing import certificates_form_a_chain
from reconciliation.seals.models import Seal
from reconciliation.seals.sealing import Head, head
from reconciliation.seals.verifying import chain_holds, rows_hold, unsealed

_HEAD = re.compile(r"(?P<number>[1-9]\d{0,17}):(?P<digest>[0-9a-f]{64})")


@click.command()
@click.option("--seals", is_flag=True, help="Recompute the chain of seals from the rows instead.")
@click.option("--head", "kept", help="NUMBER:DIGEST of a seal that was kept elsewhere.")
@click.pass_obj
def verify(build: Build, seals: bool, kept: str | None) -> None:
    """Kiểm tra mọi quy tắc trên toàn bộ dữ liệu / Check every invariant over the whole database."""
    expected = _read_head(kept) if kept else None
    with build().databases.read() as tx:
        stand_still(tx)
        found = _tell(_seals(tx, expected) if seals or expected else _rules(tx))
        if found:
            tell("%(count)s rows are off.", count=found)
            raise click.exceptions.Exit(1)
        if seals or expected:
            _sound(tx)
        else:
            count = len(invariants.PROOFS) + len(proofs.PROOFS)
            tell("Everything adds up: %(count)s invariants hold.", count=count)


def _tell(violations: Iterator[Violation]) -> int:
    """Print each one; how many."""
    found = 0
    for violation in violations:
        found += 1
        click.echo(f"{violation.rule}: {violation.row}: {violation.found}")
    return found


def _rules(tx: Session) -> Iterator[Violation]:
    rules = (*invariants.PROOFS, *proofs.PROOFS)
    for number, proof in enumerate(rules, start=1):
        click.echo(f"{number}/{len(rules)} {proof.__name__}", err=True)
        yield from proof(tx)


def _seals(tx: Session, expected: Head | None) -> Iterator[Violation]:
    """The chain, the certificates and every sealed row; progress where somebody watches."""
    yield from chain_holds(tx, expected)
    yield from certificates_form_a_chain(tx)
    with click.progressbar(range(_sealed(tx)), label="seals", file=sys.stderr) as bar:
        yield from rows_hold(tx, bar.update)


def _sealed(tx: Session) -> int:
    return int(tx.scalar(select(sql.coalesce(sql.sum(Seal.count), 0))) or 0)


def _sound(tx: Session) -> None:
    last = head(tx)
    tell("All %(rows)s sealed rows are as they were sealed, in %(seals)s seals.",
         rows=_sealed(tx), seals=last.number)  # fmt: skip
    tell("%(count)s rows came since and are not sealed yet.", count=unsealed(tx))
    if last.number:
        click.echo(f"{last.number}:{last.digest}")


def _read_head(text: str) -> Head:
    """The seal somebody kept. Raises `WrongUsage`."""
    parts = _HEAD.fullmatch(text)
    if parts is None:
        raise WrongUsage(
            mark("--head %(text)s is no seal; write it as verify printed it, NUMBER:DIGEST."),
            text=text[:90],
        )
    return Head(int(parts["number"]), parts["digest"])


def stand_still(tx: Session) -> None:
    """Let all proofs see one moment, whatever is paid meanwhile. SQLite does so by itself."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
