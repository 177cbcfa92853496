"""The doubles as processes, for development: ``python -m tests.doubles vnpay --port 8301 …``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict

from tests.doubles import credentials as known
from tests.doubles.accounts import ACCOUNTS
from tests.doubles.base import Double, Options
from tests.doubles.casso import CassoDouble
from tests.doubles.momo import MomoDouble
from tests.doubles.payos import PayosDouble
from tests.doubles.sepay import SepayDouble
from tests.doubles.stripe import StripeDouble
from tests.doubles.vnpay import VnpayDouble
from tests.doubles.zalopay import ZalopayDouble


def _sepay(url: str, options: Options) -> Double:
    """A bank and the feed that watches it; under the rail's name too, which has no company."""
    return SepayDouble(
        token=known.SEPAY_TOKEN, secret=known.SEPAY_WEBHOOK_SECRET, notify_url=url, **options
    )


#: Name on the command line → a double that notifies an address.
DOUBLES: dict[str, Callable[[str, Options], Double]] = {
    "vnpay": lambda url, options: VnpayDouble(
        known.VNPAY_TMN_CODE, known.VNPAY_SECRET, notify_url=url, **options
    ),
    "momo": lambda url, options: MomoDouble(
        known.MOMO_PARTNER_CODE,
        known.MOMO_ACCESS_KEY,
        known.MOMO_SECRET_KEY,
        notify_url=url,
        **options,
    ),
    "zalopay": lambda url, options: ZalopayDouble(
        known.ZALOPAY_APP_ID, known.ZALOPAY_KEY1, known.ZALOPAY_KEY2, notify_url=url, **options
    ),
    "payos": lambda url, options: PayosDouble(
        known.PAYOS_CLIENT_ID,
        known.PAYOS_API_KEY,
        known.PAYOS_CHECKSUM_KEY,
        notify_url=url,
        **options,
    ),
    "stripe": lambda url, options: StripeDouble(
        known.STRIPE_API_KEY, [known.STRIPE_WEBHOOK_SECRET], notify_url=url, **options
    ),
    "sepay": _sepay,
    "vietqr": _sepay,
    "casso": lambda url, options: CassoDouble(
        key=known.CASSO_WEBHOOK_KEY, api_key=known.CASSO_API_KEY, notify_url=url, **options
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.doubles", description=__doc__)
    parser.add_argument("name", choices=sorted(DOUBLES))
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--notify-url", default="")
    parser.add_argument("--account", metavar="URL", help="print the account of a double at URL")
    given = parser.parse_args()
    if given.account:
        sys.stdout.write(json.dumps(asdict(ACCOUNTS[given.name](given.account))))
        return
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    options = Options(port=given.port, automatic=True)
    with DOUBLES[given.name](given.notify_url, options) as double, suppress(KeyboardInterrupt):
        logging.info("%s on %s (test double, no real money)", given.name, double.base_url)
        threading.Event().wait()


if __name__ == "__main__":
    main()
