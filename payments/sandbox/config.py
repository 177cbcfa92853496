"""What the sandbox is started with; a missing or weak setting stops the start with its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import urlsplit

from payments.errors import WrongUsage

#: Shortest secret a merchant may sign with, in characters.
SHORTEST_SECRET = 16


def system_clock() -> datetime:
    """The process' own idea of the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A company that collects through the sandbox.

    `secrets` are one or two live ones: requests may be signed with either, notices are signed with
    both, so that a secret can be replaced without losing a message. `notify_url` may contain
    ``{merchant}``, which becomes the merchant's id.
    """

    name: str
    secrets: tuple[str, ...] = field(repr=False)
    notify_url: str

    def notify(self, merchant: str) -> str:
        """Where notices to `merchant` go."""
        return self.notify_url.replace("{merchant}", merchant)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """`base_url` is where drivers reach the sandbox. `fee_basis_points` is the fee of each receipt
    in hundredths of a percent. `duplicate_rate` (0 to 1) is the share of notices that are delivered
    twice; with `reorder` each notice is held back by its own span of time; both are drawn from
    `seed`."""

    database_url: str
    base_url: str
    merchants: Mapping[str, Merchant]
    production: bool = False
    clock: Callable[[], datetime] = system_clock
    fee_basis_points: int = 110
    duplicate_rate: float = 0.0
    reorder: bool = False
    seed: int = 0

    def check(self) -> None:
        """Raises `WrongUsage` naming the setting that is missing, weak or forbidden."""
        if self.production:
            raise WrongUsage(
                "The sandbox provider holds no real money: it never runs in production."
            )
        if not _is_web_address(self.base_url):
            raise WrongUsage(
                "The sandbox's own address must be an http or https URL, not %(url)s.",
                url=self.base_url or '""',
            )
        if not 0 <= self.fee_basis_points <= 10_000:
            raise WrongUsage(
                "The sandbox's fee must be 0 to 10000 hundredths of a percent, not %(fee)s.",
                fee=self.fee_basis_points,
            )
        if not self.merchants:
            raise WrongUsage("The sandbox needs at least one merchant.")
        for merchant, entry in self.merchants.items():
            _check_merchant(merchant, entry)


def _check_merchant(merchant: str, entry: Merchant) -> None:
    if not 1 <= len(entry.secrets) <= 2 or min(map(len, entry.secrets)) < SHORTEST_SECRET:
        raise WrongUsage(
            "Sandbox merchant %(merchant)s needs one or two secrets of at least %(shortest)s characters.",
            merchant=merchant, shortest=SHORTEST_SECRET,
        )  # fmt: skip
    if not _is_web_address(entry.notify_url):
        raise WrongUsage(
            "Sandbox merchant %(merchant)s needs an http or https URL for its notices.",
            merchant=merchant,
        )


def _is_web_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
