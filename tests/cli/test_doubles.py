"""`PROVIDERS=vnpay,momo` lets each rail be tried: a double runs, and an account that fits it is open."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import urllib3

from parking.commands.doubles import check_doubles, doubles, open_accounts, slug_of
from parking.commands.processes import PortTaken
from parking.config import BadSetting, Config
from payments.accounts import Gateways, account_by_slug
from payments.errors import WrongUsage
from payments.fitness import ask_about_nothing
from payments.http import HttpClient
from payments.provider import Status
from payments.providers import PROVIDERS
from tests.cli.conftest import free_ports
from tests.doubles.__main__ import DOUBLES
from tests.doubles.accounts import ACCOUNTS
from tests.kit import Town
from tests.providers.rails import WITHOUT_COMPANY


def with_doubles(town: Town, *names: str) -> Town:
    urls = tuple((name, f"http://127.0.0.1:{free_ports()[0]}") for name in names)
    town.house = replace(town.house, config=replace(town.house.config, doubles=urls))
    return town


def test_every_provider_but_the_sandbox_has_a_double_to_try() -> None:
    assert set(ACCOUNTS) == set(PROVIDERS) - {"sandbox", *WITHOUT_COMPANY}
    assert set(ACCOUNTS) <= set(DOUBLES)


@pytest.mark.parametrize("name", sorted(ACCOUNTS))
def test_the_account_of_a_double_is_accepted_by_it(town: Town, name: str) -> None:
    config = with_doubles(town, name).house.config
    open_accounts(town.house)
    open_accounts(town.house)
    (part,) = doubles(config)
    ((_, url),) = config.doubles
    gateways = Gateways(
        PROVIDERS, HttpClient([url]), lambda: datetime.now(UTC), town.house.gateways.vault
    )
    with subprocess.Popen(part.command, env=os.environ | part.env) as process:
        try:
            wait_for(url)
            with town.house.databases.read() as tx:
                account = account_by_slug(tx, slug_of(name))
            answer = ask_about_nothing(gateways, account, "https://p.test/n", datetime.now(UTC))
            assert answer in (Status.PENDING, Status.UNKNOWN)
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    for _ in range(300):
        try:
            urllib3.request("GET", url, retries=False, timeout=1)
        except urllib3.exceptions.HTTPError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"{url} does not answer")


def test_a_double_nobody_knows_is_named(town: Town) -> None:
    with pytest.raises(WrongUsage, match=r"PROVIDERS names cash, but .*invalid choice: 'cash'"):
        open_accounts(with_doubles(town, "cash").house)


def test_each_double_has_the_next_port() -> None:
    config = Config.from_env({"PROVIDERS": "vnpay, momo", "PORT": "9000"})
    assert config.doubles == (("vnpay", "http://127.0.0.1:9002"), ("momo", "http://127.0.0.1:9003"))
    assert config.provider_hosts == ("http://127.0.0.1:9002", "http://127.0.0.1:9003")


@pytest.mark.parametrize("names", ["vnpay,vnpay", "vn pay", "-x"])
def test_names_that_cannot_be_are_refused(names: str) -> None:
    with pytest.raises(BadSetting, match=r"PROVIDERS is .*; it must be names such as vnpay,momo"):
        Config.from_env({"PROVIDERS": names})


def test_a_port_that_is_taken_is_named_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = replace(Config.from_env({}), doubles=(("vnpay", f"http://127.0.0.1:{port}"),))
        with pytest.raises(PortTaken, match=rf"PROVIDERS \(vnpay\) {port} is taken"):
            check_doubles(config)
