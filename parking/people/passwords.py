"""Passwords at rest: argon2id with the parameters OWASP names (19 MiB, two passes, one lane)."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from payments.errors import WrongUsage

SHORTEST = 12
#: Longer input is refused before it costs anybody time.
LONGEST = 128
#: No 0/o, 1/l/i: these are read out and typed from paper.
SYMBOLS = "23456789abcdefghjkmnpqrstuvwxyz"
GROUPS, GROUP = 4, 4

#: What people choose first where twelve characters are asked for (public breach lists, 2023–2025).
COMMON = frozenset(
    {
        "123456789012", "1234567890123", "12345678901234", "111111111111", "000000000000",
        "123123123123", "123456123456", "123456654321", "qwertyuiop123", "qwerty123456",
        "qwertyuiopas", "1q2w3e4r5t6y", "1qaz2wsx3edc", "password1234", "passwordpassword",
        "password12345", "administrator", "iloveyou1234", "anhyeuem1234", "matkhau12345",
        "matkhau123456", "hanoi2024hanoi", "vietnam123456", "abcdef123456", "abc123456789",
    }
)  # fmt: skip

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def generate_password() -> str:
    """A password of 79 random bits in four short groups."""
    groups = ("".join(secrets.choice(SYMBOLS) for _ in range(GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def _normal(password: str) -> str:
    """Vietnamese letters can be typed in two spellings that look alike (Unicode NFC and NFD)."""
    return unicodedata.normalize("NFC", password)


def check_password(password: str, username: str) -> None:
    """Raises `WrongUsage` when `password` is too short, too long or among the first ones tried."""
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise WrongUsage(
            "A password has %(shortest)s to %(longest)s characters.",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    plain = text.casefold()
    if plain in COMMON or username in plain or len(set(plain)) < 4:
        raise WrongUsage("This password is too easy to guess. Please choose another one.")


def hash_password(password: str) -> str:
    """The argon2id hash of `password`, parameters and salt included."""
    return _hasher.hash(_normal(password))


@cache
def _nobody() -> str:
    """The hash of a password nobody has: an unknown user name takes as long as a known one."""
    return hash_password(secrets.token_urlsafe(32))


def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`; `None` never matches and takes as long."""
    if len(password) > LONGEST:
        return False
    try:
        return _hasher.verify(stored or _nobody(), _normal(password)) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
