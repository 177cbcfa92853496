"""The sandbox provider as this house runs it: one merchant per seeded operator, secrets derived from
one setting, so that the process, the embedded copy and the seed agree without writing to each other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from parking.config import Config
from payments.sandbox.config import Merchant, SandboxConfig
from payments.web import notify_path

#: What the sandbox takes of each receipt, in hundredths of a percent.
FEE_BASIS_POINTS = 110


@cache
def seeded() -> dict[str, Any]:
    """What a fresh database starts with: the tables of `parking/lots/hanoi.toml`."""
    return tomllib.loads(resources.files("parking.lots").joinpath("hanoi.toml").read_text("utf-8"))


def account_slug(operator: str) -> str:
    """The name of an operator's sandbox account, here and at the sandbox."""
    return f"{operator}-sandbox"


def merchant_secret(config: Config, slug: str) -> str:
    """The secret shared with the sandbox by one merchant account."""
    return hmac.new(config.sandbox_secret.encode(), slug.encode(), hashlib.sha256).hexdigest()


def merchants(config: Config) -> dict[str, Merchant]:
    """Every seeded operator as the sandbox knows it. Notices go to our own door."""
    found = {}
    for operator in seeded()["operator"]:
        slug = account_slug(operator["code"])
        found[slug] = Merchant(
            name=operator["legal_name"],
            secrets=(merchant_secret(config, slug),),
            notify_url=f"http://127.0.0.1:{config.port}{notify_path(slug)}",
        )
    return found


def sandbox_config(config: Config) -> SandboxConfig:
    """The settings of the sandbox, whether it runs as its own process or embedded in a command."""
    return SandboxConfig(
        database_url=config.sandbox_database_url,
        base_url=config.sandbox_url,
        merchants=merchants(config),
        production=config.production,
        fee_basis_points=FEE_BASIS_POINTS,
    )


def sandbox_environment(config: Config) -> dict[str, str]:
    """The same settings as environment variables for the sandbox's own process."""
    known = {
        slug: {"name": m.name, "secrets": list(m.secrets), "notify_url": m.notify_url}
        for slug, m in merchants(config).items()
    }
    return {
        "SANDBOX_DATABASE_URL": config.sandbox_database_url,
        "SANDBOX_BASE_URL": config.sandbox_url,
        "SANDBOX_MERCHANTS": json.dumps(known),
        "PARKING_ENV": "production" if config.production else "development",
    }
