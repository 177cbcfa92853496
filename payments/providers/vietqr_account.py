"""The settings of a VietQR account, read once: where the money goes, and who tells of it.

`bank` (BIN, six digits), `account` (or a virtual account, in its own case), `holder`; `feeds`, the
feeds in use, as a list or as text with commas; optionally `virtual_accounts` (more numbers that
lead to the same account, likewise), `sepay_api_url`, `casso_api_url`, and `sepay_auth` =
``apikey`` where SePay's webhooks carry a key instead of a signature.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from payments.errors import WrongUsage
from payments.provider import AccountSettings, BankTransfer, Http
from payments.providers.feeds import FEEDS
from payments.providers.feeds.feed import BankFeed, bare, secret_values
from payments.providers.wire import named_setting
from qr.emvco import InvalidPayload
from qr.vietqr import Transfer, capitals, encode

#: Object 59 holds no more; banks show the holder's full name from their own books.
LONGEST_PAYEE = 25

#: Object of the code → the setting it is made of.
_MADE_OF = {"38.01.00": "bank", "38.01.01": "account", "59": "holder"}


def feeds_in(settings: Mapping[str, object]) -> tuple[str, ...]:
    """The names of the feeds in use. Raises `WrongUsage` for one nobody knows, and when none of
    them can be asked: what is lost in an outage would be lost for good."""
    named = _names(settings.get("feeds"))
    known = [name for name in named if name in FEEDS]
    askable = [name for name in known if FEEDS[name].lists]
    if len(known) < len(named) or not askable:
        raise WrongUsage(
            "The setting feeds is %(value)s: it names one or more of %(names)s, and at least one "
            "of %(askable)s, which can be asked what happened.",
            value=", ".join(named) or "-",
            names=", ".join(FEEDS),
            askable=", ".join(name for name, feed in FEEDS.items() if feed.lists),
        )
    return named


def required_parts(settings: Mapping[str, object]) -> tuple[str, ...]:
    """The parts an account's secret must have with these settings. Raises `WrongUsage`."""
    spare = "sepay_secret" if settings.get("sepay_auth") == "apikey" else "sepay_api_key"
    parts = (part for name in feeds_in(settings) for part in FEEDS[name].parts)
    return tuple(part for part in parts if part != spare)


def feeds_of(account: AccountSettings, http: Http) -> tuple[BankFeed, ...]:
    """The feeds of an account. Raises `WrongUsage` when its secret lacks what they need."""
    for part in required_parts(account.settings):
        if not secret_values(account, part):
            raise WrongUsage(
                "The secret of account %(account)s has no %(part)s, which its feeds need.",
                account=account.slug,
                part=part,
            )
    return tuple(FEEDS[name](account, http) for name in feeds_in(account.settings))


class Payee:
    """The bank account that collects. Raises `WrongUsage` naming the setting no code can be made
    of."""

    def __init__(self, account: AccountSettings) -> None:
        self._slug = account.slug
        self._holder = named_setting(account, "holder")
        self._to = Transfer(
            bin=named_setting(account, "bank"),
            account=named_setting(account, "account"),
            payee=capitals(self._holder)[:LONGEST_PAYEE].rstrip(),
        )
        own = (self._to.account, *_names(account.settings.get("virtual_accounts")))
        #: every number under which a feed may tell of it, as `bare` writes them.
        self.numbers = frozenset(map(bare, own))
        self.asked("P", 1)

    def asked(self, purpose: str, amount: int) -> BankTransfer:
        """A transfer of `amount` đồng with the text `purpose`, as a code and in words."""
        return BankTransfer(
            payload=self._payload(purpose, amount),
            bank=self._to.bin,
            account=self._to.account,
            holder=self._holder,
            purpose=purpose,
        )

    def _payload(self, purpose: str, amount: int) -> str:
        try:
            return encode(replace(self._to, purpose=purpose, amount=amount))
        except InvalidPayload as wrong:
            raise WrongUsage(
                "The setting %(name)s of account %(account)s makes no VietQR code: %(reason)s",
                name=_MADE_OF.get(wrong.place.path, wrong.place.name),
                account=self._slug,
                reason=wrong,
            ) from None


def _names(value: object) -> tuple[str, ...]:
    """A list of names, or a text with commas or spaces between them; none twice."""
    found = re.split(r"[,\s]+", value) if isinstance(value, str) else value
    texts = [str(name).strip() for name in found] if isinstance(found, list | tuple) else []
    return tuple(dict.fromkeys(name for name in texts if name))
