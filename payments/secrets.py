"""Merchant secrets at rest: Fernet (AES-128-CBC with HMAC-SHA256), newest key first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from payments.errors import Complaint


class SecretUnreadable(Complaint):
    """A stored secret was encrypted with a key we do not have."""

    http_status = 500


class Vault:
    """Encrypts with the first of `keys` (32 url-safe base64 bytes each), decrypts with any."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, secret: str) -> str:
        """`secret` as it may be stored."""
        return self._fernet.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str:
        """The secret again. Raises `SecretUnreadable` when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SecretUnreadable(
                "A stored merchant secret cannot be read: SECRETS_KEY is not the key it was "
                "written with. Put the former key behind the new one, separated by a comma."
            ) from error

    def seal_parts(self, parts: Mapping[str, str]) -> str:
        """One secret of several named parts, as it may be stored."""
        return self.seal(json.dumps(dict(parts), sort_keys=True))

    def open_parts(self, sealed: str) -> dict[str, str]:
        """The named parts again. Raises `SecretUnreadable` when no key fits."""
        return {str(name): str(part) for name, part in json.loads(self.open(sealed)).items()}

    def renew(self, sealed: str) -> str:
        """The same secret under the newest key. Raises `SecretUnreadable`."""
        return self.seal(self.open(sealed))
