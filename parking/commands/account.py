"""`parking account`: the merchant accounts that operators collect through.

A secret is never an argument: it would stand in the shell's history and in every list of processes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import IO

import click

from parking.commands.inputs import Build
from parking.commands.secret_input import read_secret
from parking.commands.speech import both, tell
from parking.house import House
from parking.languages import mark
from parking.lots.service import operator_by_code
from payments import fitness, merchants
from payments.accounts import account_by_slug, every_account
from payments.bounds import Bounds
from payments.errors import WrongUsage
from payments.models import MerchantAccount
from payments.provider import ProviderRefused, ProviderUnavailable
from payments.web import notify_address

ACTOR = "command"

SECRET_FILE = click.option(
    "--secret-file",
    type=click.File(encoding="utf-8"),
    help="FILE with the secret, as name=value lines or one JSON object; - is stdin.",
)


@click.group("account")
def account() -> None:
    """Tài khoản nhận tiền của đơn vị / Merchant accounts of the operators."""


def bounded(command: click.decorators.FC) -> click.decorators.FC:
    """The options that bound when and for which amounts an account is offered."""
    for option in (
        click.option("--closes", metavar="HH:MM", help="Offered until this time of the city."),
        click.option("--opens", metavar="HH:MM", help="Offered from this time of the city."),
        click.option("--most", type=int, help="Largest amount, in the minor unit (VND: đồng)."),
        click.option("--least", type=int, help="Smallest amount, in the minor unit (VND: đồng)."),
    ):
        command = option(command)
    return command


@account.command()
@click.option("--operator", metavar="CODE", required=True)
@click.option("--provider", metavar="NAME", required=True)
@click.option("--slug", metavar="NAME", required=True, help="Stands in the notify address.")
@click.option("--mode", type=click.Choice(["test", "live"]), required=True)
@click.option("--currency", default="VND", show_default=True)
@click.option("--setting", "settings", metavar="KEY=VALUE", multiple=True, help="May be repeated.")
@SECRET_FILE
@bounded
@click.pass_obj
def add(
    build: Build,
    operator: str,
    provider: str,
    slug: str,
    mode: str,
    currency: str,
    settings: Sequence[str],
    secret_file: IO[str] | None,
    least: int | None,
    most: int | None,
    opens: str | None,
    closes: str | None,
) -> None:
    """Thêm tài khoản nhận tiền / Add a merchant account; its secret is asked for or read from FILE."""
    house = build()
    house.gateways.check_mode(mode)
    rail = house.gateways.rail(provider)
    known = merchants.checked_settings(rail, _settings(settings))
    new = merchants.NewAccount(
        slug=slug,
        operator=operator,
        provider=provider,
        mode=mode,
        settings=known,
        secret=read_secret(rail, known, secret_file),
        currency=currency,
        bounds=Bounds(least, most, opens, closes),
    )
    with house.databases.write.begin() as tx:
        operator_by_code(tx, operator)
        made = merchants.add(tx, house.gateways, new, ACTOR, house.clock())
    tell("Account %(slug)s is ready. Register this notify address:", slug=slug)
    click.echo(notify_address(house.config.public_url, made.slug))


@account.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list for scripts.")
@click.pass_obj
def show(build: Build, as_json: bool) -> None:
    """Liệt kê tài khoản nhận tiền / List the merchant accounts, retired ones last."""
    house = build()
    with house.databases.read() as tx:
        rows = [_row(house, found) for found in every_account(tx)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo("  ".join(f"{value}" for value in row.values()))
    tell("%(count)s merchant accounts.", count=len(rows))


def _row(house: House, found: MerchantAccount) -> dict[str, object]:
    return {
        "slug": found.slug,
        "operator": found.operator,
        "provider": found.provider,
        "mode": found.mode,
        "state": "retired" if found.retired_at else "in-use",
        "currency": found.currency,
        "bounds": Bounds.of(found).as_text(),
        "secrets": len(found.secrets),
        "notify": notify_address(house.config.public_url, found.slug),
    }


@account.command()
@click.argument("slug")
@click.option("--finish", is_flag=True, help="Forget the older secret.")
@SECRET_FILE
@click.pass_obj
def rotate(build: Build, slug: str, finish: bool, secret_file: IO[str] | None) -> None:
    """Đổi khóa bí mật / Give SLUG a new secret; the older one stays valid until --finish."""
    house = build()
    if finish:
        with house.databases.write.begin() as tx:
            merchants.finish(tx, slug, ACTOR, house.clock())
        tell("Account %(slug)s knows only its newest secret now.", slug=slug)
        return
    with house.databases.read() as tx:
        known = account_by_slug(tx, slug)
    rail = house.gateways.rail(known.provider)
    secret = read_secret(rail, known.settings, secret_file)
    with house.databases.write.begin() as tx:
        merchants.rotate(tx, house.gateways, slug, secret, ACTOR, house.clock())
    tell(
        "Account %(slug)s has a new secret; the older one works until: "
        "parking account rotate %(slug)s --finish",
        slug=slug,
    )


@account.command()
@click.argument("slug")
@click.pass_obj
def check(build: Build, slug: str) -> None:
    """Thử kết nối với cổng thanh toán / Ask the provider of SLUG about an order that never was."""
    house = build()
    with house.databases.read() as tx:
        found = account_by_slug(tx, slug)
    address = notify_address(house.config.public_url, slug)
    try:
        status = fitness.ask_about_nothing(house.gateways, found, address, house.clock())
    except ProviderRefused:
        tell("Compare settings and secret with the provider's; parking account rotate changes it.")
        raise
    except ProviderUnavailable:
        tell("Check the network and the address among the settings, then try again.")
        raise
    click.echo(
        f"ok   {slug}: "
        + both("the provider accepted the credentials and answered (%(status)s)", status=status)
    )


@account.command()
@click.argument("slug")
@bounded
@click.pass_obj
def bounds(
    build: Build,
    slug: str,
    least: int | None,
    most: int | None,
    opens: str | None,
    closes: str | None,
) -> None:
    """Giới hạn số tiền và giờ / Bound what SLUG is offered for; what is not given has no bound."""
    house = build()
    wanted = Bounds(least, most, opens, closes)
    with house.databases.write.begin() as tx:
        merchants.change_bounds(tx, house.gateways, slug, wanted, ACTOR, house.clock())
    tell("Account %(slug)s is offered within: %(bounds)s.", slug=slug, bounds=wanted.as_text())


@account.command()
@click.argument("slug")
@click.pass_obj
def retire(build: Build, slug: str) -> None:
    """Ngừng dùng tài khoản / Collect no more through SLUG; late money is still heard of."""
    house = build()
    with house.databases.write.begin() as tx:
        merchants.retire(tx, slug, ACTOR, house.clock())
    tell("Account %(slug)s is retired.", slug=slug)


@account.command()
@click.pass_obj
def reseal(build: Build) -> None:
    """Mã hóa lại mọi khóa / Encrypt every secret anew under the newest SECRETS_KEY."""
    house = build()
    with house.databases.write.begin() as tx:
        count = merchants.reseal(tx, house.gateways.vault, ACTOR, house.clock())
    tell(
        "%(count)s secrets stand under the newest key; older keys are needed no more.", count=count
    )


def _settings(given: Sequence[str]) -> Mapping[str, object]:
    found = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise WrongUsage(mark("--setting %(text)s must be KEY=VALUE."), text=text)
        found[name] = value
    return found
