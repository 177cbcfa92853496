"""Random words that let their holder in. Only their digests are kept: a stolen database opens nothing."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """A new token of 256 random bits, fit for a cookie and for an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """The SHA-256 of a token, in hexadecimal. A token is random, so no salt and no slow hash is needed."""
    return hashlib.sha256(token.encode()).hexdigest()
