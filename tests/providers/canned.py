"""A company whose next answers are written down beforehand, for what no double would ever say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from payments.provider import HttpAnswer, NoticeRequest

VECTORS = Path(__file__).parents[1] / "doubles" / "vectors"
JSON = {"Content-Type": "application/json; charset=UTF-8"}


def vectors(rail: str) -> list[dict[str, Any]]:
    """The published or recomputed vectors of a rail."""
    content = json.loads((VECTORS / f"{rail}.json").read_text())
    found: list[dict[str, Any]] = content["vectors"]
    return found


def post(fields: Mapping[str, object] | bytes, headers: Mapping[str, str] = JSON) -> NoticeRequest:
    body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    return NoticeRequest("POST", "", headers, body)


@dataclass
class Canned:
    """Gives `answers` one after the other, the last of them for ever; keeps what was asked."""

    answers: list[HttpAnswer]
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self.asked.append((url, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def saying(*contents: object, status: int = 200) -> Canned:
    return Canned([HttpAnswer(status, JSON, json.dumps(content).encode()) for content in contents])
