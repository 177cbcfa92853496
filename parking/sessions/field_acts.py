"""What an attendant did at the lot, told by the phone, perhaps hours later.

Each act is carried out once, in its own transaction, by the same services as everything else; the
phone's own id of it is the key, so a queue that is sent twice does everything once and is answered
the same. What the books contradict is not guessed: it becomes a conflict with a sentence, and the
attendant decides.

A phone's clock may be wrong. It sends what it takes for now together with the queue: the difference to
our clock is added to every act. A clock that was changed between the act and the sending cannot be
known; what then lies in the future or too far back is a conflict.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from parking.languages import mark
from parking.lots.models import Lot
from parking.people.badge import Badge
from parking.sessions.field_kinds import KINDS, Disagreement, Doing, FieldWish, clock
from parking.sessions.models import FieldAct
from parking.tariffs import TariffBook
from payments.db import insert_once
from payments.errors import Complaint, Conflict, NotFound

#: Acts older than this are not carried out any more: nobody remembers them well enough.
OLDEST = timedelta(hours=24)
#: A clock that is set right by a little while a phone works.
LEEWAY = timedelta(seconds=5)
DONE, REFUSED, CONFLICT = "done", "refused", "conflict"


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an act: done, refused or conflict, and why (an English template with parts)."""

    id: uuid.UUID
    outcome: str
    message: str
    parts: Mapping[str, Any]


def carry_out(
    db: sessionmaker[Session],
    tariffs: TariffBook,
    badge: Badge,
    lots: Mapping[str, Lot],
    wishes: Iterable[FieldWish],
    phone_now: datetime,
    now: datetime,
) -> Iterator[Answer]:
    """Do what the phone says was done, in its order. `lots` are this person's, by number; `phone_now`
    is what the phone took for `now` when it sent the queue."""
    skew = now - phone_now
    for wish in sorted(wishes, key=lambda wish: wish.position):
        lot = lots.get(wish.lot)
        if lot is None:
            reason = NotFound("You do not work at lot %(lot)s.", lot=wish.lot or "—")
            yield _refusal(wish, reason)
            continue
        with db.begin() as tx:
            yield _once(tx, Doing(tariffs, badge, lot, wish, wish.at + skew, now))


def _once(tx: Session, doing: Doing) -> Answer:
    """The first to claim the id does the act; a second waits for it and is told what came of it."""
    wish, badge = doing.wish, doing.badge
    claimed = insert_once(
        tx,
        FieldAct(
            id=wish.id,
            person_id=badge.person_id,
            lot_id=doing.lot.id,
            kind=wish.kind,
            position=wish.position,
            happened_at=min(doing.at, doing.now),
            received_at=doing.now,
            outcome=REFUSED,
            detail={},
        ),
    )
    row = tx.get_one(FieldAct, wish.id)
    if row.person_id != badge.person_id:
        return _refusal(wish, Conflict(mark("This act was sent by somebody else.")))
    if claimed:
        _do(tx, doing, row)
    return Answer(row.id, row.outcome, row.detail.get("message", ""), row.detail.get("parts", {}))


def _do(tx: Session, doing: Doing, row: FieldAct) -> None:
    """What is refused leaves nothing behind but the reason."""
    try:
        with tx.begin_nested():
            session = KINDS[doing.wish.kind](tx, _timely(doing))
    except Complaint as error:
        row.outcome = CONFLICT if isinstance(error, Conflict) else REFUSED
        row.detail = _reason(error)
    else:
        row.outcome, row.session_id = DONE, session.id


def _timely(doing: Doing) -> Doing:
    """Raises `Disagreement` for a time that cannot be."""
    wish, told = doing.wish, {"plate": doing.wish.plate, "time": clock(doing.at)}
    if doing.at > doing.now + LEEWAY:
        raise Disagreement(
            mark("%(plate)s, %(time)s: that is still to come. Please check this phone’s clock."),
            **told,
        )
    if doing.now - doing.at > OLDEST:
        raise Disagreement(
            mark("%(plate)s, %(time)s: that is more than a day ago and was not recorded."), **told
        )
    return Doing(doing.tariffs, doing.badge, doing.lot, wish, min(doing.at, doing.now), doing.now)


def _reason(error: Complaint) -> dict[str, Any]:
    parts = {k: v if isinstance(v, int) else str(v) for k, v in error.parts.items()}
    return {"message": error.message, "parts": parts}


def _refusal(wish: FieldWish, error: Complaint) -> Answer:
    return Answer(wish.id, REFUSED, error.message, _reason(error)["parts"])
