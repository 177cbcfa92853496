"""Every payment company we can speak to: one literal line each, one contract test over all."""

from __future__ import annotations

from payments.provider import Provider
from payments.providers.sandbox import SandboxProvider

PROVIDERS: dict[str, type[Provider]] = {
    "sandbox": SandboxProvider,
}
