"""What thousands of tests would otherwise do again and again, done once per process or more cheaply.

Each is about how long the tests take and none about what they say: what is compiled is remembered,
passwords are hashed with little work, and the collector of cycles looks only at what tests made.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from parking.people import passwords

#: As the house hashes; `tests/people/test_passwords.py` looks at it.
SLOW = passwords._hasher

_builders: dict[object, Callable[..., tuple[str, str]]] = {}


class Compiled(BytecodeCache):
    """What templates were compiled to, for every application of this process: each test makes one."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take it from memory, where it is there."""
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._code[bucket.key] = bucket.bytecode_to_string()


class Route(Rule):
    """A rule whose functions that build addresses are compiled once per process: two for each of
    two hundred routes were four fifths of what a new application costs."""

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        given = tuple(sorted((self.defaults or {}).items()))
        key = (self.rule, tuple(self._trace), given, append_unknown)
        if key not in _builders:
            _builders[key] = super()._compile_builder(append_unknown)
        return _builders[key]


def install() -> None:
    """For this process, before the first application and the first password."""
    options: dict[str, Any] = {**Flask.jinja_options, "bytecode_cache": Compiled()}
    Flask.jinja_options = options
    Flask.url_rule_class = Route
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def settle_down() -> None:
    """What was loaded and collected stays until the end: the collector of cycles, which went over
    all of it several times a minute, looks only at what tests make from now on."""
    gc.collect()
    gc.freeze()
