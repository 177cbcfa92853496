"""Files that commands make: whole or not at all."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from parking.languages import mark
from payments.errors import WrongUsage

Fill = Callable[[IO[bytes]], object]


def write(path: Path, content: bytes) -> None:
    """Put `content` at `path`, as `write_with` does."""
    write_with(path, lambda file: file.write(content))


def write_with(path: Path, fill: Fill) -> None:
    """Put at `path` (``-`` is stdout) what `fill` writes into the file it is given; a reader never sees
    half of it, and nothing when `fill` fails.

    A device or a pipe is written to, never replaced. Raises `WrongUsage` naming a place that cannot
    be written.
    """
    try:
        if str(path) == "-":
            _pour(fill, sys.stdout.buffer)
        elif path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as out:
                _pour(fill, out)
        else:
            _replace(path.resolve(), fill)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be written: %(reason)s."), path=path, reason=error.strerror
        ) from error


def _pour(fill: Fill, out: IO[bytes]) -> None:
    """What cannot be taken back goes out once all of it is there."""
    with TemporaryFile() as whole:
        fill(whole)
        whole.seek(0)
        shutil.copyfileobj(whole, out)


def _replace(path: Path, fill: Fill) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            fill(file)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
