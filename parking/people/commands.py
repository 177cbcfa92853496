"""`parking user`: add somebody, or give a new password, from the terminal."""

from __future__ import annotations

from collections.abc import Callable

import click

from parking.house import House
from parking.people.roles import ROLES
from parking.people.service import NewPerson, add_person, reset_password


@click.group("user")
def user() -> None:
    """Người dùng đăng nhập / People who sign in: attendants, finance staff, administrators."""


@user.command()
@click.argument("username")
@click.option("--role", type=click.Choice(tuple(ROLES)), required=True)
@click.option("--operator", metavar="CODE", help="See only this operator's money.")
@click.option("--lot", "lots", metavar="NUMBER", multiple=True, help="A lot an attendant works at.")
@click.option("--name", default="", help="The name shown on pages.")
@click.pass_obj
def add(
    build: Callable[[], House],
    username: str,
    role: str,
    operator: str | None,
    lots: tuple[str, ...],
    name: str,
) -> None:
    """Thêm người dùng / Add USERNAME and print the generated password, once."""
    house = build()
    with house.databases.write.begin() as tx:
        new = NewPerson(username, role, name=name, operator=operator, lots=lots)
        password = add_person(tx, new, house.clock())
    click.echo(password)


@user.command()
@click.argument("username")
@click.pass_obj
def reset(build: Callable[[], House], username: str) -> None:
    """Cấp mật khẩu mới / Print a new password for USERNAME, once, and end every sign-in."""
    house = build()
    with house.databases.write.begin() as tx:
        password = reset_password(tx, username, house.clock())
    click.echo(password)
