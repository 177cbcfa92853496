"""`parking verify`: does everything in the database still add up?"""

from __future__ import annotations

import click
from sqlalchemy.orm import Session

from parking import proofs
from parking.commands.inputs import Build
from parking.commands.speech import tell
from reconciliation import invariants


@click.command()
@click.pass_obj
def verify(build: Build) -> None:
    """Kiểm tra mọi quy tắc trên toàn bộ dữ liệu / Check every invariant over the whole database."""
    rules = (*invariants.PROOFS, *proofs.PROOFS)
    found = 0
    with build().databases.read() as tx:
        stand_still(tx)
        for number, proof in enumerate(rules, start=1):
            click.echo(f"{number}/{len(rules)} {proof.__name__}", err=True)
            for violation in proof(tx):
                found += 1
                click.echo(f"{violation.rule}: {violation.row}: {violation.found}")
    if found:
        tell("%(count)s rows are off.", count=found)
        raise click.exceptions.Exit(1)
    tell("Everything adds up: %(count)s invariants hold.", count=len(rules))


def stand_still(tx: Session) -> None:
    """Let all proofs see one moment, whatever is paid meanwhile. SQLite does so by itself."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.connection(execution_options={"isolation_level": "REPEATABLE READ"})
