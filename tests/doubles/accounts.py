"""The merchant account that fits each double, in the words of `parking account add`.

`python -m tests.doubles NAME --account URL` prints one as JSON: provider, settings and secret of an
account for a double that listens at URL. `parking run` opens them, so that each rail can be tried in
a browser.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.doubles import credentials as known
from tests.doubles.bank import OWNER


@dataclass(frozen=True, slots=True)
class Account:
    """What `payments` needs to open the account; all values are text or lists of text."""

    provider: str
    settings: dict[str, object]
    secret: dict[str, str]


def _vnpay(url: str) -> Account:
    settings: dict[str, object] = {
        "tmn_code": known.VNPAY_TMN_CODE,
        "pay_url": f"{url}/paymentv2/vpcpay.html",
        "api_url": f"{url}/merchant_webapi/api/transaction",
    }
    return Account("vnpay", settings, {"hash_secret": known.VNPAY_SECRET})


def _momo(url: str) -> Account:
    secret = {"access_key": known.MOMO_ACCESS_KEY, "secret_key": known.MOMO_SECRET_KEY}
    return Account("momo", {"partner_code": known.MOMO_PARTNER_CODE, "api_url": url}, secret)


def _zalopay(url: str) -> Account:
    secret = {"key1": known.ZALOPAY_KEY1, "key2": known.ZALOPAY_KEY2}
    return Account("zalopay", {"app_id": str(known.ZALOPAY_APP_ID), "api_url": url}, secret)


def _payos(url: str) -> Account:
    settings: dict[str, object] = {
        "client_id": known.PAYOS_CLIENT_ID,
        "api_url": url,
        "page_url": f"{url}/hosted",
    }
    secret = {"api_key": known.PAYOS_API_KEY, "checksum_key": known.PAYOS_CHECKSUM_KEY}
    return Account("payos", settings, secret)


def _stripe(url: str) -> Account:
    secret = {
        "api_key": known.STRIPE_API_KEY,
        "webhook_secret": known.STRIPE_WEBHOOK_SECRET,
    }
    return Account("stripe", {"api_url": url}, secret)


def _vietqr(url: str) -> Account:
    """The bank account that SePay's double watches; its page `/bank` plays the payer's bank."""
    settings: dict[str, object] = {
        "bank": OWNER.bin,
        "account": OWNER.account,
        "holder": OWNER.name,
        "feeds": "sepay",
        "sepay_api_url": f"{url}/userapi",
    }
    secret = {"sepay_secret": known.SEPAY_WEBHOOK_SECRET, "sepay_token": known.SEPAY_TOKEN}
    return Account("vietqr", settings, secret)


ACCOUNTS: dict[str, Callable[[str], Account]] = {
    "vnpay": _vnpay,
    "momo": _momo,
    "zalopay": _zalopay,
    "payos": _payos,
    "stripe": _stripe,
    "vietqr": _vietqr,
}
