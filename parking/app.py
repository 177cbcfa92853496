"""Composition: configuration → databases → providers → rooms → pages. The only file that knows all parts."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from wsgiref.types import WSGIApplication

from flask import Blueprint, Flask
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix

from parking import admin, attendant, driver, finance, inspector
from parking.config import Config
from parking.house import House
from parking.people import guard
from parking.people import pages as people
from parking.sandbox import sandbox_config
from parking.tariffs import load_book
from parking.web import assets, cookies, formats, forms, headers, health, language, nul, problems
from parking.web.leaving import origin
from payments import web as payments_web
from payments.accounts import Gateways
from payments.db import Databases, connect
from payments.errors import WrongUsage
from payments.http import HttpClient
from payments.outside import with_outside
from payments.provider import Clock, Hosts, Provider
from payments.providers import PROVIDERS
from payments.sandbox.app import create_sandbox
from payments.secrets import Vault
from qr.links import KeyRing

#: One package per audience; each offers ``blueprint(house)``.
ROOMS: tuple[Callable[[House], Blueprint], ...] = (
    driver.blueprint,
    people.blueprint,
    attendant.blueprint,
    finance.blueprint,
    admin.blueprint,
    inspector.blueprint,
)

#: More than any form or picture of ours; a page that takes files raises it for itself.
LARGEST_REQUEST = 1024 * 1024


def system_clock() -> datetime:
    """The process' own idea of the time."""
    return datetime.now(UTC)


def build(config: Config, *, embedded_sandbox: bool = False, clock: Clock = system_clock) -> House:
    """Everything the rooms need. With `embedded_sandbox` the sandbox provider runs inside this
    process, for commands on a machine where its own process does not.

    Raises `WrongUsage` when something in the configuration cannot work together.
    """
    if config.production and embedded_sandbox:
        raise WrongUsage("The sandbox provider never runs in production.")
    databases = connect(config.database_url)
    vault = Vault(config.secrets_keys)
    mounts: dict[str, WSGIApplication] = {}
    if embedded_sandbox:
        mounts[config.sandbox_url] = create_sandbox(sandbox_config(config))
    rails = registry(config)
    http = HttpClient(called_hosts(config, rails), mounts=mounts)
    return House(
        config=config,
        databases=databases,
        gateways=Gateways(rails, http, clock, vault, config.mode),
        keys=KeyRing(dict(config.sign_keys)),
        tariffs=load_book(),
        clock=clock,
    )


def registry(config: Config) -> Mapping[str, type[Provider]]:
    """The payment companies this installation may use, those of other packages included: in
    production, none that holds no money. Raises `BadProvider`."""
    refused = ("sandbox",) if config.production else ()
    rails = with_outside(PROVIDERS)
    return {name: provider for name, provider in rails.items() if name not in refused}


def checkout_origins(config: Config, rails: Mapping[str, type[Provider]]) -> tuple[str, ...]:
    """Where a paying driver may be sent: the pages of `rails` and what PROVIDER_HOSTS adds."""
    pages = (f"https://{host}" for place in _places(config, rails) for host in place.visited)
    return tuple(dict.fromkeys((*_own_origins(config), *pages)))


def called_hosts(config: Config, rails: Mapping[str, type[Provider]]) -> tuple[str, ...]:
    """Where we may call; plain http has to be named as such."""
    called = (host for place in _places(config, rails) for host in place.called)
    return tuple(dict.fromkeys((*_own_origins(config), *called)))


def _own_origins(config: Config) -> tuple[str, ...]:
    sandbox = () if config.production else (origin(config.sandbox_url),)
    return (*sandbox, *config.provider_hosts)


def _places(config: Config, rails: Mapping[str, type[Provider]]) -> list[Hosts]:
    """Where the rails live in this installation's mode."""
    return [place for rail in rails.values() if (place := rail.hosts.get(config.mode))]


def create_app(house: House) -> Flask:
    """The web application of `house`."""
    app = Flask("parking")
    _configure(app, house)
    language.install(app)
    formats.install(app)
    assets.install(app)
    headers.install(app, house.config.https, app.config["CHECKOUT_ORIGINS"])
    problems.install(app)
    nul.install(app)
    _register(app, house)
    guard.install(app)
    forms.install(app)
    return app


def serve() -> Flask:
    """The web application of the environment's configuration, as a server process starts it.

    What was loaded by now stays for ever: the collector of cycles need not look at it again with
    every notice, which took a seventh of a notice's time.
    """
    app = create_app(build(Config.from_env()))
    gc.collect()
    gc.freeze()
    return app


def _configure(app: Flask, house: House) -> None:
    config = house.config
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
        CHECKOUT_ORIGINS=checkout_origins(config, house.gateways.registry),
    )
    cookies.install(app, config.https)
    app.extensions["house"] = house
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if config.https:
        # we speak plain http ourselves: exactly one machine in front of us ends TLS, and what it
        # says of the caller's address is the last entry
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1)  # type: ignore[method-assign]


def _register(app: Flask, house: House) -> None:
    databases: Databases = house.databases
    app.register_blueprint(health.blueprint(databases.read))
    app.register_blueprint(payments_web.blueprint(databases, house.gateways))
    for room in ROOMS:
        app.register_blueprint(room(house))
