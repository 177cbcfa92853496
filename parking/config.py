"""Every setting, read once from the environment into one frozen object.

A missing or weak setting stops the start and is named. In development, keys nobody gave are made on
first start and kept in ``var/keys.json`` (mode 0600); in production every key must be given.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cryptography.fernet import Fernet
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from payments.errors import WrongUsage
from payments.money import LARGEST

SMALLEST_KEY = 32
KEY_NAMES = ("SECRET_KEY", "SIGN_KEYS", "SECRETS_KEY", "SANDBOX_SECRET")


class BadSetting(WrongUsage):
    """A setting that is missing, weak or unreadable; the text names it and says what would be right."""


@dataclass(frozen=True, slots=True)
class Config:
    """`sign_keys` are (id, key) pairs, the first one signs and all verify; `secrets_keys` are Fernet
    keys, newest first; `public_url` is where drivers reach us and stands in every sign;
    `provider_hosts` are origins of payment companies beside those their providers name; `doubles`
    are (name, address) of protocol doubles that development runs beside the service. A refund of
    more than `refund_approval_above` dong, and explaining a difference of more than
    `break_approval_above`, have to be approved by a second person. The link that enrols
    a phone is good for `phone_link_hours`; a lot is called silent when fewer than `silent_lot_percent`
    of the usual vehicles came."""

    production: bool
    var: Path
    database_url: str
    port: int
    public_url: str
    secret_key: str
    sign_keys: tuple[tuple[str, bytes], ...]
    secrets_keys: tuple[str, ...]
    sandbox_port: int
    sandbox_url: str
    sandbox_database_url: str
    sandbox_secret: str
    refund_approval_above: int
    break_approval_above: int
    phone_link_hours: int
    silent_lot_percent: int
    provider_hosts: tuple[str, ...] = ()
    doubles: tuple[tuple[str, str], ...] = ()

    @property
    def mode(self) -> str:
        """Of which mode merchant accounts must be to work here."""
        return "live" if self.production else "test"

    @property
    def https(self) -> bool:
        """Whether drivers reach us over TLS, so that cookies may demand it."""
        return self.public_url.startswith("https://")

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Config:
        """Read and check every setting. Raises `BadSetting`."""
        given = dict(os.environ if env is None else env)
        production = _choice(given, "PARKING_ENV", ("development", "production")) == "production"
        var = Path(given.get("PARKING_VAR") or "var").absolute()
        keys = given if production else _made_up(var) | _given_keys(given)
        port = _port(given, "PORT", 8000)
        sandbox_port = _port(given, "SANDBOX_PORT", port + 1)
        public_url = _url(given, "PUBLIC_URL", f"http://localhost:{port}", production)
        doubles = _doubles(given, production, sandbox_port + 1)
        return cls(
            production=production,
            var=var,
            database_url=_database(given, "DATABASE_URL", f"sqlite:///{var}/parking.db"),
            port=port,
            public_url=public_url,
            secret_key=_secret(keys, "SECRET_KEY"),
            sign_keys=_sign_keys(keys),
            secrets_keys=_fernet_keys(keys),
            sandbox_port=sandbox_port,
            sandbox_url=_url(given, "SANDBOX_URL", _beside(public_url, sandbox_port), False),
            sandbox_database_url=_database(
                given, "SANDBOX_DATABASE_URL", f"sqlite:///{var}/sandbox.db"
            ),
            sandbox_secret="" if production else _secret(keys, "SANDBOX_SECRET"),
            provider_hosts=(
                *_origins(given, "PROVIDER_HOSTS", production),
                *(url for _, url in doubles),
            ),
            doubles=doubles,
            refund_approval_above=_dong(given, "REFUND_APPROVAL_ABOVE", 200_000),
            break_approval_above=_dong(given, "BREAK_APPROVAL_ABOVE", 200_000),
            phone_link_hours=_whole(given, "PHONE_LINK_HOURS", 24, range(1, 169)),
            silent_lot_percent=_whole(given, "SILENT_LOT_PERCENT", 40, range(101)),
        )


def _choice(given: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    value = given.get(name) or choices[0]
    if value not in choices:
        raise BadSetting(
            "%(name)s is %(value)s; it must be one of %(choices)s.",
            name=name,
            value=value,
            choices=", ".join(choices),
        )
    return value


def _doubles(given: Mapping[str, str], production: bool, port: int) -> tuple[tuple[str, str], ...]:
    """``PROVIDERS=vnpay,momo``: each double gets the next port from `port` on."""
    names = tuple(name.strip() for name in given.get("PROVIDERS", "").split(",") if name.strip())
    if names and production:
        raise BadSetting("PROVIDERS names doubles of payment companies: production has none.")
    if len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise BadSetting(
            "PROVIDERS is %(value)s; it must be names such as vnpay,momo, each once.",
            value=",".join(names),
        )
    return tuple((name, f"http://127.0.0.1:{port + n}") for n, name in enumerate(names))


def _port(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise BadSetting(
            "%(name)s is %(value)s; it must be a port, 1 to 65535.", name=name, value=value
        )
    return int(value)


def _dong(given: Mapping[str, str], name: str, default: int) -> int:
    value = given.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) > LARGEST:
        raise BadSetting(
            "%(name)s is %(value)s; it must be an amount in dong, such as 200000.",
            name=name,
            value=value,
        )
    return int(value)


def _whole(given: Mapping[str, str], name: str, default: int, allowed: range) -> int:
    value = given.get(name) or str(default)
    if not value.isascii() or not value.isdigit() or int(value) not in allowed:
        raise BadSetting(
            "%(name)s is %(value)s; it must be a whole number from %(least)s to %(most)s.",
            name=name,
            value=value,
            least=allowed[0],
            most=allowed[-1],
        )
    return int(value)


def _url(given: Mapping[str, str], name: str, default: str, tls: bool) -> str:
    value = (given.get(name) or default).rstrip("/")
    parts = urlsplit(value)
    allowed = ("https",) if tls else ("http", "https")
    if parts.scheme not in allowed or not parts.hostname or parts.query or parts.fragment:
        raise BadSetting(
            "%(name)s is %(value)s; it must be an address such as %(scheme)s://parking.example.vn.",
            name=name,
            value=value,
            scheme="https" if tls else "http",
        )
    return value


def _origins(given: Mapping[str, str], name: str, tls: bool) -> tuple[str, ...]:
    """``https://HOST,https://HOST:PORT``: where providers live that name no host themselves."""
    found = []
    for part in filter(None, (part.strip() for part in given.get(name, "").split(","))):
        value = _url({name: part.lower()}, name, "", tls)
        if urlsplit(value).path or "@" in value:
            raise BadSetting(
                "%(name)s is %(value)s; give only https://HOST or https://HOST:PORT, by comma.",
                name=name,
                value=part,
            )
        found.append(value)
    return tuple(found)


def _beside(public_url: str, port: int) -> str:
    """The same host on another port: a phone that reaches us must reach the sandbox's page too."""
    host = urlsplit(public_url).hostname or "localhost"
    name = f"[{host}]" if ":" in host else host
    return urlunsplit(("http", f"{name}:{port}", "", "", ""))


def _database(given: Mapping[str, str], name: str, default: str) -> str:
    value = given.get(name) or default
    try:
        url = make_url(value)
    except ArgumentError:
        url = None
    if url is None or url.drivername not in ("sqlite", "postgresql+psycopg"):
        raise BadSetting(
            "%(name)s must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME.",
            name=name,
        )
    return value


def _secret(keys: Mapping[str, str], name: str) -> str:
    value = keys.get(name, "")
    if len(value) < SMALLEST_KEY:
        raise BadSetting(
            "%(name)s is missing or shorter than %(least)s characters.",
            name=name,
            least=SMALLEST_KEY,
        )
    return value


def _sign_keys(keys: Mapping[str, str]) -> tuple[tuple[str, bytes], ...]:
    """``ID:BASE64,ID:BASE64``: the first signs, all verify, so that rotating retires no sign."""
    pairs = []
    for part in keys.get("SIGN_KEYS", "").split(","):
        key_id, _, encoded = part.strip().partition(":")
        try:
            key = base64.urlsafe_b64decode(encoded)
        except (binascii.Error, ValueError):
            key = b""
        if not key_id or len(key) < SMALLEST_KEY:
            raise BadSetting(
                "SIGN_KEYS must be ID:KEY pairs, each key %(least)s bytes or more in url-safe base64.",
                least=SMALLEST_KEY,
            )
        pairs.append((key_id, key))
    return tuple(pairs)


def _fernet_keys(keys: Mapping[str, str]) -> tuple[str, ...]:
    parts = tuple(part.strip() for part in keys.get("SECRETS_KEY", "").split(","))
    try:
        for part in parts:
            Fernet(part)
    except (ValueError, binascii.Error) as error:
        raise BadSetting(
            "SECRETS_KEY must be 32 random bytes in url-safe base64 (several: newest first, by comma)."
        ) from error
    return parts


def _given_keys(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in KEY_NAMES if given.get(name)}


def _made_up(var: Path) -> dict[str, str]:
    """Development keys: made once, read ever after, so that printed signs keep working."""
    path = var / "keys.json"
    var.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return _read_keys(path)
    fresh = {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "SIGN_KEYS": "a:" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "SECRETS_KEY": Fernet.generate_key().decode(),
        "SANDBOX_SECRET": secrets.token_urlsafe(32),
    }
    draft = var / f"keys.{os.getpid()}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(fresh, file)
    # A link appears whole or not at all: of several processes starting at once, one makes the keys
    # and the others read them, never half a file.
    with suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
    return _read_keys(path)


def _read_keys(path: Path) -> dict[str, str]:
    return {str(name): str(key) for name, key in json.loads(path.read_text()).items()}
