"""`parking migrate` and `parking seed`: a database that is ready to work with."""

from __future__ import annotations

import click

from parking import schema
from parking.commands.inputs import Build
from parking.commands.speech import tell
from parking.lots.seed import seed


@click.command()
@click.pass_obj
def migrate(build: Build) -> None:
    """Đưa cơ sở dữ liệu lên phiên bản mới nhất / Bring the database up to date."""
    engine = build().databases.engine
    before = schema.revision(engine)
    schema.upgrade(engine)
    after = schema.newest()
    if before == after:
        tell("The database is up to date (%(revision)s).", revision=after)
    else:
        tell("The database was brought up to %(revision)s.", revision=after)


@click.command("seed")
@click.pass_obj
def fill(build: Build) -> None:
    """Ghi dữ liệu ban đầu / Write lots, accounts and first sign-ins into a fresh database."""
    house = build()
    made = seed(house, house.clock())
    for person in made:
        click.echo(f"{person.username} {person.password}")
    tell("%(count)s sign-ins were made; their passwords are shown this once.", count=len(made))
