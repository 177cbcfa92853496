"""A rail for each entry of `PROVIDERS`, with its company's double at the other end: one line each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.providers.momo_rail import momo
from tests.providers.payos_rail import payos
from tests.providers.rail import Rail
from tests.providers.sandbox import sandbox
from tests.providers.stripe_rail import stripe
from tests.providers.vietqr_rail import vietqr
from tests.providers.vnpay_rail import vnpay
from tests.providers.zalopay_rail import zalopay

#: Rails that no company runs: nobody could play its part.
WITHOUT_COMPANY = {"cash"}

#: Each makes its rail over files below the folder it is given, and ends it.
RAILS: dict[str, Callable[[Path], AbstractContextManager[Rail]]] = {
    "payos": payos,
    "sandbox": sandbox,
    "vietqr": vietqr,
    "vnpay": vnpay,
    "momo": momo,
    "zalopay": zalopay,
    "stripe": stripe,
}
