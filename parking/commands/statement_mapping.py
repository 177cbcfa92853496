"""`parking statement mapping`: how an account's files are read, as versions that are written and kept."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import click

from parking.commands.inputs import Build
from parking.commands.speech import both
from parking.languages import mark
from payments.accounts import account_by_slug
from payments.db import CITY_ZONE
from payments.errors import WrongUsage
from reconciliation.statements.samples import SAMPLES, text_of
from reconciliation.uploads.mappings import history, version_of, write

#: Who does it, in the audit: somebody with a shell on our machine.
ACTOR = "command"


@click.group()
def mapping() -> None:
    """Cách đọc tệp của từng tài khoản / How each account's files are read."""


@mapping.command("sample")
@click.argument("name", type=click.Choice(SAMPLES))
def sample(name: str) -> None:
    """In một bản mẫu để sửa / Print a sample to begin with; no provider publishes its layout."""
    click.echo(text_of(name), nl=False)


@mapping.command("write")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", "slug", required=True, help="Merchant account whose files it reads.")
@click.option("--note", default="", help="Why it is changed.")
@click.pass_obj
def write_one(build: Build, file: Path, slug: str, note: str) -> None:
    """Ghi bản mới từ tệp TOML / Write a new version from a TOML file; old ones are kept."""
    house, said = build(), _read(file)
    with house.databases.read() as tx:
        account = account_by_slug(tx, slug)
    found = write(house.databases.write, account, said, note, ACTOR, house.clock())
    click.echo(both(mark("Version %(version)s holds."), version=found.version))


@mapping.command("list")
@click.option("--account", "slug", required=True, help="Merchant account whose files it reads.")
@click.pass_obj
def list_all(build: Build, slug: str) -> None:
    """Các bản đã ghi / Every version, newest first."""
    with build().databases.read() as tx:
        for found in history(tx, account_by_slug(tx, slug)):
            at = f"{found.at.astimezone(CITY_ZONE):%d/%m/%Y %H:%M}"
            click.echo(f"{found.version}  {found.means}  {at}  {found.by}  {found.note}".rstrip())


@mapping.command("show")
@click.option("--account", "slug", required=True, help="Merchant account whose files it reads.")
@click.option("--version", type=int, help="The newest, when none is given.")
@click.pass_obj
def show(build: Build, slug: str, version: int | None) -> None:
    """In một bản dưới dạng JSON / Print a version as JSON."""
    with build().databases.read() as tx:
        account = account_by_slug(tx, slug)
        newest = max((found.version for found in history(tx, account)), default=0)
        found = version_of(tx, account, newest if version is None else version)
    click.echo(json.dumps(found.mapping, ensure_ascii=False, indent=2, sort_keys=True))


def _read(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be read: %(reason)s."), path=file, reason=error.strerror
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongUsage(
            mark("%(path)s is not TOML: %(reason)s."), path=file, reason=error
        ) from error
