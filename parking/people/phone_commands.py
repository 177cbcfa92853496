"""`parking phone`: enrol a phone for the kerb, list them, revoke one, from the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import click

from parking.commands.speech import tell
from parking.house import House
from parking.people import phones
from parking.people.phones import Enrolment
from parking.people.service import COMMAND_LINE

OPERATOR = click.option("--operator", metavar="CODE", required=True, help="Whose phone it is.")
NAME = click.option("--name", metavar="NAME", required=True, help="What people call the phone.")


@click.group("phone")
def phone() -> None:
    """Điện thoại tại bãi xe / Phones at the kerb, on which attendants sign in with a PIN."""


@phone.command()
@OPERATOR
@NAME
@click.pass_obj
def enrol(build: Callable[[], House], operator: str, name: str) -> None:
    """Cấp đường dẫn ghi danh / Print the link to open on the phone, once."""
    house = build()
    hours = house.config.phone_link_hours
    with house.databases.write.begin() as tx:
        wish = Enrolment(operator, name, timedelta(hours=hours))
        _, token = phones.enrol(tx, wish, COMMAND_LINE, house.clock())
    tell("Open this on the phone within %(hours)s hours; it works once:", hours=hours)
    click.echo(phones.link_of(house.config.public_url, token))


@phone.command("list")
@click.option("--operator", metavar="CODE", default="", help="Only this operator's phones.")
@click.pass_obj
def show(build: Callable[[], House], operator: str) -> None:
    """Liệt kê điện thoại / List the phones, revoked ones last."""
    house = build()
    with house.databases.read() as tx:
        rows = phones.phones(tx, operator)
    for found, owner in rows:
        state = "revoked" if found.revoked_at else "enrolled" if found.enrolled_at else "waiting"
        seen = found.seen_at.isoformat(timespec="minutes") if found.seen_at else "-"
        click.echo(f"{owner.code}  {state:8}  {seen:22}  {found.name}")
    tell("%(count)s phones.", count=len(rows))


@phone.command()
@OPERATOR
@NAME
@click.pass_obj
def revoke(build: Callable[[], House], operator: str, name: str) -> None:
    """Thu hồi điện thoại / End every sign-in on the phone at once; it takes no PIN any more."""
    house = build()
    with house.databases.write.begin() as tx:
        found = phones.phone_named(tx, operator, name)
        phones.revoke(tx, found.id, COMMAND_LINE, house.clock())
    tell("%(name)s is revoked.", name=found.name)
