"""Files that commands make: whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from parking.languages import mark
from payments.errors import WrongUsage


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path` (``-`` is stdout); a reader never sees half of it.

    A device or a pipe is written to, never replaced. Raises `WrongUsage` naming a place that cannot
    be written.
    """
    if str(path) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
        else:
            _replace(path.resolve(), content)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be written: %(reason)s."), path=path, reason=error.strerror
        ) from error


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        unfinished.write_bytes(content)
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
