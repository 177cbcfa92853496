"""Mappings to begin with, one file each.

``vnpay``, ``momo`` and ``zalopay`` are samples: none of these companies publishes the layout of its
settlement files (it comes with the contract), so their words are guesses from the companies' interfaces,
and nothing is read by them before somebody makes them an account's own. ``stripe_balance`` and
``stripe_payouts`` follow Stripe's published report columns and are used as they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

SAMPLES = ("vnpay", "momo", "zalopay")
STRIPE = ("stripe_balance", "stripe_payouts")


@cache
def shipped(name: str) -> Mapping[str, object]:
    """The mapping `name`, one of `SAMPLES` or `STRIPE`."""
    return tomllib.loads(text_of(name))


def text_of(name: str) -> str:
    """The file of the mapping `name`, with its comments."""
    return (resources.files(__name__) / f"{name}.toml").read_text()
