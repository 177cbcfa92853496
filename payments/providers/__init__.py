"""Every payment company we can speak to: one literal line each, one contract test over all."""

from __future__ import annotations

from payments.provider import Provider
from payments.providers.cash import CashProvider
from payments.providers.momo import MomoProvider
from payments.providers.payos import PayosProvider
from payments.providers.sandbox import SandboxProvider
from payments.providers.stripe import StripeProvider
from payments.providers.vietqr import VietqrProvider
from payments.providers.vnpay import VnpayProvider
from payments.providers.zalopay import ZalopayProvider

PROVIDERS: dict[str, type[Provider]] = {
    "payos": PayosProvider,
    "sandbox": SandboxProvider,
    "vietqr": VietqrProvider,
    "vnpay": VnpayProvider,
    "momo": MomoProvider,
    "zalopay": ZalopayProvider,
    "stripe": StripeProvider,
    "cash": CashProvider,
}
