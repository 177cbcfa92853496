"""`parking run`, which is `make run`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

import click

from parking import schema
from parking.commands.doctor import facts
from parking.commands.doubles import check_doubles, doubles, open_accounts
from parking.commands.inputs import Build
from parking.commands.processes import Family, Part, check_port, wsgi
from parking.commands.speech import tell
from parking.commands.welcome import welcome
from parking.config import Config
from parking.lots.seed import seed
from parking.sandbox import sandbox_environment

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@click.command()
@click.pass_obj
def run(build: Build) -> None:
    """Chạy toàn bộ dịch vụ trên máy này / Run the whole service on this machine."""
    family = Family()
    family.listen()
    house = build()
    check_ports(house.config)
    schema.upgrade(house.databases.engine)
    made = seed(house, house.clock())
    open_accounts(house)
    for finding in facts(house):
        if not finding.well:
            click.echo(f"{finding.subject}: {finding.text}", err=True)
    try:
        for part in parts(house.config):
            family.start(part)
        if family.until_ready():
            for line in welcome(house, made):
                click.echo(line)
            sys.stdout.flush()
            family.watch()
    finally:
        family.stop()
    tell("Everything stopped.")


def host(config: Config) -> str:
    """Where to listen: other machines reach us only when PUBLIC_URL names more than this one."""
    local = urlsplit(config.public_url).hostname in LOOPBACK
    return "127.0.0.1" if local else "0.0.0.0"


def check_ports(config: Config) -> None:
    """Raises `PortTaken` before anything is started."""
    check_port(host(config), config.port, "PORT")
    if not config.production:
        check_port(host(config), config.sandbox_port, "SANDBOX_PORT")
    check_doubles(config)


def parts(config: Config) -> list[Part]:
    """The processes of the service; in production the sandbox is none of them."""
    here = "http://127.0.0.1"
    web = Part(
        "web",
        wsgi("parking.app:serve", host(config), config.port),
        {},
        f"{here}:{config.port}/readyz",
    )
    scheduler = Part("scheduler", [sys.executable, "-m", "parking", "scheduler"], {})
    if config.production:
        return [web, scheduler]
    sandbox = Part(
        "sandbox",
        wsgi("payments.sandbox.serve:app_from_env", host(config), config.sandbox_port),
        sandbox_environment(config),
        f"{here}:{config.sandbox_port}/healthz",
    )
    return [sandbox, *doubles(config), web, scheduler]
