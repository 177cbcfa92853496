"""A file somebody hands in at the command line: read once, and watched while it is recorded."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from parking.commands.speech import both, tell
from parking.languages import mark
from parking.reports.upload_words import READING, STEPS
from payments.errors import WrongUsage
from reconciliation.statements import LARGEST
from reconciliation.uploads.models import Upload

#: A file of fewer bytes is read in a moment.
QUICK = 1024 * 1024


def read_once(file: Path) -> bytes:
    """The bytes of `file`. Everything that follows works on these: its hash, its lines, what is kept.

    Raises `WrongUsage` for a file that cannot be read, is larger than `LARGEST` (which is asked before
    anything is read), or changes while it is read.
    """
    try:
        with file.open("rb") as opened:
            before = os.fstat(opened.fileno())
            _refuse_large(file, before.st_size)
            raw = opened.read(LARGEST + 1)
            after = os.fstat(opened.fileno())
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be read: %(reason)s."), path=file, reason=error.strerror
        ) from error
    _refuse_large(file, len(raw))
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise WrongUsage(
            mark("%(path)s changed while it was read: wait until it is whole, then try again."),
            path=file,
        )
    return raw


def _refuse_large(file: Path, size: int) -> None:
    if size > LARGEST:
        raise WrongUsage(
            mark("%(path)s has %(size)s bytes; a file may have %(largest)s at most."),
            path=file, size=size, largest=LARGEST,
        )  # fmt: skip


def tell_reading(raw: bytes) -> None:
    """Say that a large file is being read; of a small one a refusal follows at once, in one line."""
    if len(raw) > QUICK:
        tell(READING)


def watched(first: Upload, steps: Iterator[Upload]) -> Upload:
    """The upload after the last of `steps`; whoever watches sees how far it is meanwhile: a bar in a
    terminal, a line for each step elsewhere."""
    if sys.stderr.isatty():
        return _bar(first, steps)
    upload = first
    _tell_step(first)
    for upload in steps:
        tell(mark("%(done)s of %(all)s rows recorded"), done=upload.recorded, all=upload.entries)
        if upload.state != "begun":
            _tell_step(upload)
    return upload


def _tell_step(upload: Upload) -> None:
    if upload.state in STEPS:
        tell(STEPS[upload.state])


def _bar(first: Upload, steps: Iterator[Upload]) -> Upload:
    upload, told = first, {state: both(words) for state, words in STEPS.items()}
    label = told.get(first.state, "")
    with click.progressbar(length=first.entries, label=label, file=sys.stderr) as bar:
        bar.update(first.recorded)
        for upload in steps:
            bar.label = told.get(upload.state, bar.label)
            bar.update(upload.recorded - bar.pos)
            bar.render_progress()
    return upload
