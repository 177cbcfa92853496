"""The bytes of files as they are kept: zlib (RFC 1950), the quickest level. A settlement file of a whole
city is a fifth of itself then, in the database and on the way there, where it is held several times.
"""

from __future__ import annotations

import zlib

LEVEL = 1


def pack(raw: bytes) -> bytes:
    """`raw` as it is kept."""
    return zlib.compress(raw, LEVEL)


def unpack(kept: bytes) -> bytes | None:
    """The bytes behind `kept`; None when it is no longer what `pack` made."""
    try:
        return zlib.decompress(kept)
    except zlib.error:
        return None
