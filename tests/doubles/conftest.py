"""One moment for all tests of the doubles, and what they send over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from tests.doubles.base import HANOI
from tests.doubles.inbox import Inbox

#: In UTC this is still the fourteenth: the day that begins an id is the one in Hanoi.
MOMENT = datetime(2026, 1, 15, 0, 30, tzinfo=HANOI)


@pytest.fixture
def moment() -> datetime:
    return MOMENT


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as inbox:
        yield inbox


def get(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, retries=False, redirect=False)


def post_json(url: str, content: dict[str, Any]) -> urllib3.BaseHTTPResponse:
    body = json.dumps(content, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    return urllib3.request("POST", url, body=body, headers=headers, retries=False)


def post_form(url: str, fields: dict[str, str]) -> urllib3.BaseHTTPResponse:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode(fields)
    return urllib3.request("POST", url, body=body, headers=headers, retries=False, redirect=False)


def press(url: str, act: str) -> urllib3.BaseHTTPResponse:
    """What a browser sends when a person presses a button of the hosted page."""
    return post_form(url, {"act": act})
