"""A phone at the lot, for tests: what it queues and how it sends it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from parking.sessions.models import ParkingSession
from tests.kit import Town
from tests.web.kit import Browser

LANE = "/attendant/lane/HK01"
Answers = list[dict[str, str]]


def act(town: Town, kind: str, plate: str, ago: int = 0, **more: Any) -> dict[str, Any]:
    """An act that happened `ago` minutes before now, by a clock that is right."""
    at = town.now - timedelta(minutes=ago)
    told = {"id": str(uuid.uuid4()), "position": 1, "kind": kind, "at": milliseconds(at)}
    return told | {"lot": "HK01", "plate": plate} | more


def leaving(town: Town, session: ParkingSession, ago: int = 0, **more: Any) -> dict[str, Any]:
    """The vehicle drove out."""
    return act(town, "exit", session.plate, ago, key=session.id.hex[-8:], **more)


def milliseconds(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def send(town: Town, phone: Browser, *acts: dict[str, Any], wrong: int = 0) -> Answers:
    """Send the queue of a phone whose clock is `wrong` by so many minutes."""
    shifted = [told | {"at": told["at"] + wrong * 60_000} for told in acts]
    now = milliseconds(town.now) + wrong * 60_000
    answer = phone.client.post(
        "/attendant/acts",
        json={"now": now, "acts": shifted},
        base_url=phone.base,
        headers={"X-CSRFToken": phone.token(LANE), "Referer": f"{phone.base}{LANE}"},
    )
    assert answer.status_code == 200, answer.get_data(as_text=True)
    told: Answers = answer.get_json()["answers"]
    return told
