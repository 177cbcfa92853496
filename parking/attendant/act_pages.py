"""The door for acts a phone has queued: a list in, what became of each out."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from parking.attendant.own import own_lots
from parking.house import House
from parking.languages import mark
from parking.people.guard import the_badge
from parking.sessions.exits import Proof
from parking.sessions.field_acts import Answer, carry_out
from parking.sessions.field_kinds import KINDS, FieldWish
from parking.sessions.lane_facts import KEY_DIGITS
from parking.web.language import say
from payments.errors import WrongUsage

#: A phone sends the rest in the next request.
MOST_ACTS = 100
LONGEST_PLATE = 40
_KEY = re.compile(rf"(?:[0-9a-f]{{{KEY_DIGITS}}})?")


def add(pages: Blueprint, house: House) -> None:
    """Put the door for queued acts into `pages`."""

    @pages.post("/acts")
    def acts() -> Response:
        now, badge = house.clock(), the_badge()
        phone_now, wishes = _read(request.get_json())
        with house.databases.read() as tx:
            lots = {lot.number: lot for lot in own_lots(tx, badge)}
        answers = carry_out(
            house.databases.write, house.tariffs, badge, lots, wishes, phone_now, now
        )
        return jsonify(answers=[_told(answer) for answer in answers])


def _told(answer: Answer) -> dict[str, str]:
    text = say(answer.message, **answer.parts) if answer.message else ""
    return {"id": str(answer.id), "outcome": answer.outcome, "text": text}


def _read(body: Any) -> tuple[datetime, Sequence[FieldWish]]:
    """What the phone takes for now, and its acts. Raises `WrongUsage`; nothing is done then."""
    try:
        acts = body["acts"]
        if not isinstance(acts, list) or len(acts) > MOST_ACTS:
            raise ValueError("acts")
        return _instant(body["now"]), [_wish(act) for act in acts]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, OSError) as error:
        raise WrongUsage(
            mark("This phone sent something that cannot be understood. Please reload the page.")
        ) from error


def _wish(act: Any) -> FieldWish:
    kind, plate, key = _text(act, "kind"), _text(act, "plate"), _text(act, "key")
    if kind not in KINDS or len(plate) > LONGEST_PLATE or not _KEY.fullmatch(key):
        raise ValueError(kind)
    proof = _text(act, "proof")
    return FieldWish(
        id=uuid.UUID(act["id"]),
        position=int(act["position"]),
        kind=kind,
        at=_instant(act["at"]),
        lot=_text(act, "lot"),
        plate=plate,
        key=key,
        vehicle_class=_text(act, "vehicle"),
        proof=Proof(proof) if proof else None,
        unpaid=act.get("unpaid") is True,
    )


def _text(act: Any, name: str) -> str:
    value = act.get(name, "")
    if not isinstance(value, str):
        raise TypeError(name)
    return value


def _instant(milliseconds: Any) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
