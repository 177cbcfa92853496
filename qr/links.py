"""Signed links: what a printed sign, a numbered card, a parking session and a pass carry.

A link is data from a stranger until its code (MAC) has been checked. The code is HMAC-SHA256 cut to
130 bits, written as 26 symbols of an alphabet without 0, 1, I and O: no spare bits, so a link has
exactly one spelling, and a short entry in a QR code (alphanumeric mode). The host is not signed: a
city may move to another domain, and a copied link on a foreign host leads nowhere of ours.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
MAC_SYMBOLS = 26
SECRET_BYTES = 32

_KEY_ID = re.compile(r"[A-Za-z0-9]{1,8}")
_LOT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,18}[A-Za-z0-9])?")
_VERSION = re.compile(r"[1-9][0-9]{0,5}")
#: 22 symbols of base64url hold 128 bits: fewer could be guessed.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")
_SEAL = rf"(?P<key>{_KEY_ID.pattern})\.(?P<mac>[{ALPHABET}]{{{MAC_SYMBOLS}}})"
_SIGN_PATH = re.compile(rf"/l/(?P<lot>{_LOT.pattern})/(?P<version>{_VERSION.pattern})/{_SEAL}")
_CARD_PATH = re.compile(rf"/c/(?P<lot>{_LOT.pattern})/(?P<number>{_VERSION.pattern})/{_SEAL}")
_SESSION_PATH = re.compile(rf"/s/(?P<token>{_TOKEN.pattern})\.{_SEAL}")
_PASS_PATH = re.compile(rf"/p/(?P<token>{_TOKEN.pattern})\.{_SEAL}")


class InvalidLink(ValueError):
    """The link was altered, cut, or signed by no key of ours; or its parts cannot be in a link."""


@dataclass(frozen=True, slots=True, eq=False)
class KeyRing:
    """Key id → secret of at least 32 bytes, in order: the first signs, all verify.

    A key that stays on the ring keeps every sign printed with it good, so rotation means putting a
    new key in front. Raises `ValueError` naming the key that is too short or badly named.
    """

    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.keys:
            raise ValueError("a key ring needs at least one key")
        for key_id, secret in self.keys.items():
            if not _KEY_ID.fullmatch(key_id):
                raise ValueError(f"key id {key_id!r}: use 1 to 8 letters A-Z, a-z and digits")
            if len(secret) < SECRET_BYTES:
                raise ValueError(f"key {key_id}: the secret needs at least {SECRET_BYTES} bytes")
        object.__setattr__(self, "keys", MappingProxyType(dict(self.keys)))

    @property
    def signing(self) -> str:
        """The id of the key that signs."""
        return next(iter(self.keys))


@dataclass(frozen=True, slots=True)
class SignClaim:
    """What a genuine sign says of itself. Whether that version still hangs is the caller's to know."""

    lot_number: str
    version: int


@dataclass(frozen=True, slots=True)
class CardClaim:
    """What a genuine card says of itself. Whether it may be used is the caller's to know."""

    lot_number: str
    number: int


def sign_link(ring: KeyRing, public_url: str, lot_number: str, version: int) -> str:
    """The link printed on version `version` (1 to 999999) of a lot's sign.

    `lot_number`: letters, digits and inner hyphens, at most 20. Raises `InvalidLink` otherwise.
    """
    if not _LOT.fullmatch(lot_number) or not _VERSION.fullmatch(str(version)):
        raise InvalidLink(f"lot {lot_number!r}, sign version {version!r} cannot be in a link")
    return f"{_base(public_url)}/l/{lot_number}/{version}/{_seal(ring, 'sign', lot_number, str(version))}"


def card_link(ring: KeyRing, public_url: str, lot_number: str, number: int) -> str:
    """The link printed on card `number` (1 to 999999) of a lot. Raises `InvalidLink` like `sign_link`."""
    if not _LOT.fullmatch(lot_number) or not _VERSION.fullmatch(str(number)):
        raise InvalidLink(f"lot {lot_number!r}, card {number!r} cannot be in a link")
    return f"{_base(public_url)}/c/{lot_number}/{number}/{_seal(ring, 'card', lot_number, str(number))}"


def session_link(ring: KeyRing, public_url: str, token: str) -> str:
    """The link of one parking session; `token` is unguessable, 22 to 64 symbols of base64url."""
    return f"{_base(public_url)}/s/{_sealed(ring, 'session', token)}"


def pass_link(ring: KeyRing, public_url: str, token: str) -> str:
    """The link of one pass; `token` as for a session."""
    return f"{_base(public_url)}/p/{_sealed(ring, 'pass', token)}"


def _sealed(ring: KeyRing, purpose: str, token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise InvalidLink("a token has 22 to 64 letters, digits, '-' or '_'")
    return f"{token}.{_seal(ring, purpose, token)}"


def read_sign_path(ring: KeyRing, path: str) -> SignClaim:
    """The lot and version of a sign link's path ("/l/…"). Raises `InvalidLink` unless genuine."""
    match = _checked(ring, "sign", _SIGN_PATH.fullmatch(path), ("lot", "version"))
    return SignClaim(match["lot"], int(match["version"]))


def read_card_path(ring: KeyRing, path: str) -> CardClaim:
    """The lot and number of a card link's path ("/c/…"). Raises `InvalidLink` unless genuine."""
    match = _checked(ring, "card", _CARD_PATH.fullmatch(path), ("lot", "number"))
    return CardClaim(match["lot"], int(match["number"]))


def read_session_path(ring: KeyRing, path: str) -> str:
    """The token of a session link's path ("/s/…"). Raises `InvalidLink` unless genuine."""
    return _checked(ring, "session", _SESSION_PATH.fullmatch(path), ("token",))["token"]


def read_pass_path(ring: KeyRing, path: str) -> str:
    """The token of a pass link's path ("/p/…"). Raises `InvalidLink` unless genuine."""
    return _checked(ring, "pass", _PASS_PATH.fullmatch(path), ("token",))["token"]


def _checked(
    ring: KeyRing, purpose: str, match: re.Match[str] | None, parts: tuple[str, ...]
) -> re.Match[str]:
    if match is None or match["key"] not in ring.keys:
        raise InvalidLink("this is not a link of ours, or it was cut")
    expected = _mac(ring, match["key"], purpose, *match.group(*parts, "key")[:-1])
    if not hmac.compare_digest(expected, match["mac"]):
        raise InvalidLink("this link was altered")
    return match


def _seal(ring: KeyRing, purpose: str, *parts: str) -> str:
    return f"{ring.signing}.{_mac(ring, ring.signing, purpose, *parts)}"


def _mac(ring: KeyRing, key_id: str, purpose: str, *parts: str) -> str:
    """The purpose is signed too, so a session's code is worth nothing on a sign.

    No part can hold a line feed: joining with it is unambiguous.
    """
    message = "\n".join(("link/1", purpose, key_id, *parts)).encode()
    digest = hmac.new(ring.keys[key_id], message, sha256).digest()
    bits = int.from_bytes(digest, "big") >> (len(digest) * 8 - 5 * MAC_SYMBOLS)
    return "".join(ALPHABET[bits >> 5 * place & 31] for place in reversed(range(MAC_SYMBOLS)))


def _base(public_url: str) -> str:
    return public_url.rstrip("/")
